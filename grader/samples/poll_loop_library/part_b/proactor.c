/* proactor.c - the loop around poll(2), and the chat room that runs in it; the log goes to stderr */
#define _GNU_SOURCE
#include "proactor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_LINE = 1 << 20, MAX_WAITING = 2 << 20, FIRST = 2 };

struct buffer {
    char *data;
    size_t used, size;
};

struct client {
    int fd, id, gone;
    struct buffer in, out;
};

struct proactor {
    int listener, port, wake[2];
    /* what proactor_thread() and proactor_destroy() tell each other */
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    int running;
    /* the rest belongs to the loop: polled[FIRST + i] is clients[i] */
    struct client **clients;
    struct pollfd *polled;
    size_t n, size;
    int next_id, full;
};

static int add(struct buffer *b, const char *data, size_t n)
{
    if (b->used + n > b->size) {
        size_t size = 2 * (b->used + n);
        char *bigger = realloc(b->data, size);
        if (!bigger)
            return -1;
        b->data = bigger;
        b->size = size;
    }
    memcpy(b->data + b->used, data, n);
    b->used += n;
    return 0;
}

static void drop(struct buffer *b, size_t n)
{
    memmove(b->data, b->data + n, b->used - n);
    b->used -= n;
    if (b->used == 0) {
        free(b->data);
        *b = (struct buffer){0};
    }
}

static void flush(struct client *c)
{
    while (c->out.used > 0) {
        ssize_t n = send(c->fd, c->out.data, c->out.used, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR)
                c->gone = 1;
            return;
        }
        drop(&c->out, n);
    }
}

static void say(struct proactor *p, struct client *from, const char *lines, size_t n)
{
    for (const char *s = lines, *e; s < lines + n; s = e + 1) {
        e = memchr(s, '\n', lines + n - s);
        fprintf(stderr, "client %d: %.*s\n", from->id, e - s > 200 ? 200 : (int)(e - s), s);
    }
    for (size_t i = 0; i < p->n; i++) {
        struct client *c = p->clients[i];
        if (c == from || c->gone)
            continue;
        if (c->out.used + n > MAX_WAITING || add(&c->out, lines, n) < 0) {
            fprintf(stderr, "client %d reads too slowly\n", c->id);
            c->gone = 1;
        } else {
            flush(c);
        }
    }
}

static void hear(struct proactor *p, struct client *c)
{
    char chunk[16384], *nl;
    ssize_t n = recv(c->fd, chunk, sizeof chunk, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        c->gone = 1;
        if (n == 0 && c->in.used > 0 && add(&c->in, "\n", 1) == 0)
            say(p, c, c->in.data, c->in.used);
        return;
    }
    nl = memrchr(chunk, '\n', n);
    if (add(&c->in, chunk, n) < 0) {
        c->gone = 1;
    } else if (nl) {
        size_t lines = c->in.used - (chunk + n - (nl + 1));
        say(p, c, c->in.data, lines);
        drop(&c->in, lines);
    } else if (c->in.used > MAX_LINE) {
        fprintf(stderr, "client %d: line too long\n", c->id);
        c->gone = 1;
    }
}

static void free_client(struct client *c)
{
    close(c->fd);
    free(c->in.data);
    free(c->out.data);
    free(c);
}

static int grow(struct proactor *p)
{
    size_t size = p->size ? 2 * p->size : 16;
    void *clients = realloc(p->clients, size * sizeof *p->clients);
    void *polled = NULL;

    if (clients) {
        p->clients = clients;
        polled = realloc(p->polled, (FIRST + size) * sizeof *p->polled);
    }
    if (!polled)
        return -1;
    p->polled = polled;
    p->size = size;
    return 0;
}

static void welcome(struct proactor *p)
{
    struct client *c;
    int fd = accept(p->listener, NULL, NULL);

    if (fd < 0) {
        p->full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (p->full)
            perror("accept");
        return;
    }
    c = calloc(1, sizeof *c);
    if (!c || (p->n == p->size && grow(p) < 0)) {
        free(c);
        close(fd);
        return;
    }
    c->fd = fd;
    c->id = ++p->next_id;
    fprintf(stderr, "client %d has joined\n", c->id);
    p->clients[p->n++] = c;
}

static void bury(struct proactor *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct client *c = p->clients[i];
        if (c->gone) {
            fprintf(stderr, "client %d has left\n", c->id);
            free_client(c);
        } else {
            p->clients[kept++] = c;
        }
    }
    p->n = kept;
}

static void loop(struct proactor *p)
{
    for (;;) {
        size_t n = p->n;
        p->polled[0] = (struct pollfd){.fd = p->wake[0], .events = POLLIN};
        p->polled[1] = (struct pollfd){.fd = p->full ? -1 : p->listener, .events = POLLIN};
        for (size_t i = 0; i < n; i++)
            p->polled[FIRST + i] = (struct pollfd){
                .fd = p->clients[i]->fd, .events = POLLIN | (p->clients[i]->out.used ? POLLOUT : 0)};
        if (poll(p->polled, FIRST + n, p->full ? 100 : -1) < 0)
            continue;
        p->full = 0; /* out of descriptors: accept() is tried again ten times a second */
        if (p->polled[0].revents)
            return;
        for (size_t i = 0; i < n; i++) {
            if (p->polled[FIRST + i].revents & POLLOUT)
                flush(p->clients[i]);
            if (p->polled[FIRST + i].revents & ~POLLOUT && !p->clients[i]->gone)
                hear(p, p->clients[i]);
        }
        bury(p);
        if (p->polled[1].revents)
            welcome(p);
    }
}

void *proactor_thread(void *arg)
{
    struct proactor *p = arg;

    pthread_mutex_lock(&p->mutex);
    p->running = 1;
    pthread_mutex_unlock(&p->mutex);
    loop(p);
    pthread_mutex_lock(&p->mutex);
    p->running = 0;
    pthread_cond_signal(&p->ended);
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

static int listen_on(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, SOMAXCONN) < 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

proactor_t *proactor_create(int port)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    struct proactor *p;

    if (port < 0 || port > 65535) {
        errno = EINVAL;
        return NULL;
    }
    p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->listener = p->wake[0] = p->wake[1] = -1;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->ended, NULL);
    if (grow(p) < 0 || (p->listener = listen_on(port)) < 0 || pipe2(p->wake, O_CLOEXEC) < 0) {
        int why = errno;
        proactor_destroy(p);
        errno = why;
        return NULL;
    }
    getsockname(p->listener, (struct sockaddr *)&a, &len);
    p->port = ntohs(a.sin_port);
    return p;
}

int proactor_port(const proactor_t *p)
{
    return p->port;
}

void proactor_destroy(proactor_t *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    if (p->running && write(p->wake[1], "", 1) < 0)
        perror("proactor_destroy");
    while (p->running)
        pthread_cond_wait(&p->ended, &p->mutex);
    pthread_mutex_unlock(&p->mutex);

    for (size_t i = 0; i < p->n; i++)
        free_client(p->clients[i]);
    for (int i = 0; i < 2; i++)
        if (p->wake[i] >= 0)
            close(p->wake[i]);
    if (p->listener >= 0)
        close(p->listener);
    pthread_cond_destroy(&p->ended);
    pthread_mutex_destroy(&p->mutex);
    free(p->clients);
    free(p->polled);
    free(p);
}
