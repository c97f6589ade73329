/* The proactor: a loop around poll() that accepts clients and passes lines between them. */
#define _GNU_SOURCE
#include "proactor.h"
#include "chatlog.h"
#include "conn.h"
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (64 * 1024)
#define GOODBYE_MS 1000
#define PAUSE_MS 100

enum { WAKE, LISTENER, FIRST }; /* places in polls; client i is at FIRST + i */

struct proactor {
    int listener;
    int wake;
    int port;
    atomic_bool stopping;
    pthread_mutex_t running; /* held as long as proactor_thread runs */

    struct conn **conns;
    struct pollfd *polls;
    size_t count;
    size_t room; /* for how many there is memory */
    unsigned long last_number;
    long long accept_after; /* no accept before that time, in ms; 0: at once */
    char chunk[CHUNK];
};

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static bool more_room(proactor_t *p)
{
    size_t room = p->room ? p->room * 2 : 16;
    struct conn **conns = realloc(p->conns, room * sizeof *conns);
    if (!conns)
        return false;
    p->conns = conns;
    struct pollfd *polls = realloc(p->polls, (FIRST + room) * sizeof *polls);
    if (!polls)
        return false;
    p->polls = polls;
    p->room = room;
    return true;
}

proactor_t *proactor_create(int port)
{
    proactor_t *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->wake = -1;
    p->listener = listener_open(port);
    if (p->listener >= 0)
        p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->listener < 0 || p->wake < 0 || !more_room(p)) {
        int saved = errno;
        if (p->listener >= 0)
            close(p->listener);
        if (p->wake >= 0)
            close(p->wake);
        free(p->conns);
        free(p->polls);
        free(p);
        errno = saved;
        return NULL;
    }
    p->port = listener_port(p->listener);
    pthread_mutex_init(&p->running, NULL);
    p->polls[WAKE] = (struct pollfd){.fd = p->wake, .events = POLLIN};
    p->polls[LISTENER] = (struct pollfd){.fd = p->listener, .events = POLLIN};
    return p;
}

int proactor_port(const proactor_t *p)
{
    return p->port;
}

static bool add_client(proactor_t *p, int fd)
{
    if (p->count == p->room && !more_room(p))
        return false;
    struct conn *c = conn_new(fd, p->last_number + 1);
    if (!c)
        return false;
    p->last_number++;
    p->conns[p->count] = c;
    p->polls[FIRST + p->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    p->count++;
    chatlog_event(c->number, "joined");
    return true;
}

static void remove_client(proactor_t *p, size_t i)
{
    conn_free(p->conns[i]);
    p->count--;
    p->conns[i] = p->conns[p->count];
    p->polls[FIRST + i] = p->polls[FIRST + p->count];
}

static void accept_clients(proactor_t *p)
{
    for (;;) {
        int fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (add_client(p, fd))
                continue;
            close(fd);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno == EINTR || errno == ECONNABORTED) {
            continue;
        }
        /* No descriptors or no memory: the listener would be ready all the time, so look away. */
        p->accept_after = now_ms() + PAUSE_MS;
        return;
    }
}

static void relay(proactor_t *p, struct conn *from, const char *line, size_t n)
{
    chatlog_message(from->number, line, n - 1);
    for (size_t i = 0; i < p->count; i++)
        if (p->conns[i] != from)
            conn_send(p->conns[i], line, n);
}

static void too_long(struct conn *c)
{
    chatlog_event(c->number, "sent a line that is too long, disconnected");
    c->done = true;
}

/* Cuts what has come into lines; the last one may be unfinished and waits in c->in. */
static void take_in(proactor_t *p, struct conn *c, const char *bytes, size_t n)
{
    while (n > 0 && !c->done) {
        const char *end = memchr(bytes, '\n', n);
        size_t piece = end ? (size_t)(end - bytes) + 1 : n;
        if (c->in.len + piece - (end ? 1 : 0) > MAX_LINE) {
            too_long(c);
        } else if (end && c->in.len == 0) {
            relay(p, c, bytes, piece);
        } else if (!buffer_append(&c->in, bytes, piece)) {
            c->done = true;
        } else if (end) {
            relay(p, c, c->in.data + c->in.start, c->in.len);
            buffer_drop(&c->in, c->in.len);
        }
        bytes += piece;
        n -= piece;
    }
}

static void input_ended(proactor_t *p, struct conn *c)
{
    if (c->in.len > 0)
        take_in(p, c, "\n", 1);
    chatlog_event(c->number, "left");
    c->leaving = true;
    c->deadline = now_ms() + GOODBYE_MS;
    if (c->out.len == 0)
        c->done = true;
}

static void read_client(proactor_t *p, struct conn *c)
{
    ssize_t n = recv(c->fd, p->chunk, CHUNK, MSG_DONTWAIT);
    if (n > 0) {
        take_in(p, c, p->chunk, (size_t)n);
    } else if (n == 0) {
        input_ended(p, c);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        chatlog_event(c->number, "left");
        c->done = true;
    }
}

/* Says what to wait for; returns for how long, in ms, -1: for ever. */
static int prepare(proactor_t *p)
{
    long long now = now_ms(), until = 0;
    if (p->accept_after && p->accept_after <= now)
        p->accept_after = 0;
    p->polls[LISTENER].events = p->accept_after ? 0 : POLLIN;
    until = p->accept_after;
    for (size_t i = 0; i < p->count; i++) {
        struct conn *c = p->conns[i];
        short events = c->leaving ? 0 : POLLIN;
        if (c->out.len > 0)
            events |= POLLOUT;
        p->polls[FIRST + i].events = events;
        if (c->leaving && (until == 0 || c->deadline < until))
            until = c->deadline;
    }
    if (until == 0)
        return -1;
    return until > now ? (int)(until - now) : 0;
}

/* poll() refuses to wait where there are more sockets than are allowed now: then try them all. */
static void wait_for_something(proactor_t *p)
{
    int timeout = prepare(p);
    if (poll(p->polls, FIRST + p->count, timeout) >= 0)
        return;
    bool refused = errno != EINTR;
    if (refused)
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    for (size_t i = 0; i < FIRST + p->count; i++)
        p->polls[i].revents = refused ? p->polls[i].events : 0;
}

static void serve_clients(proactor_t *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct conn *c = p->conns[i];
        short ready = p->polls[FIRST + i].revents;
        if (!c->done && c->out.len > 0 && (ready & (POLLOUT | POLLERR | POLLHUP)))
            conn_flush(c);
        if (!c->done && !c->leaving && (ready & (POLLIN | POLLERR | POLLHUP)))
            read_client(p, c);
        if (c->leaving && (c->deaf || c->deadline <= now_ms()))
            c->done = true;
    }
    for (size_t i = 0; i < p->count;) {
        if (p->conns[i]->done)
            remove_client(p, i);
        else
            i++;
    }
}

void *proactor_thread(void *arg)
{
    proactor_t *p = arg;
    pthread_mutex_lock(&p->running);
    while (!atomic_load(&p->stopping)) {
        wait_for_something(p);
        serve_clients(p);
        if (p->polls[LISTENER].revents)
            accept_clients(p);
    }
    pthread_mutex_unlock(&p->running);
    return NULL;
}

void proactor_stop(proactor_t *p)
{
    uint64_t one = 1;
    atomic_store(&p->stopping, true);
    while (write(p->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void proactor_destroy(proactor_t *p)
{
    if (!p)
        return;
    proactor_stop(p);
    pthread_mutex_lock(&p->running);
    pthread_mutex_unlock(&p->running);
    pthread_mutex_destroy(&p->running);
    for (size_t i = 0; i < p->count; i++)
        conn_free(p->conns[i]);
    close(p->listener);
    close(p->wake);
    free(p->conns);
    free(p->polls);
    free(p);
}
