/*
 * A chat server with threads: what one client says, all others hear.
 *
 * Every client has a reader and a writer. The reader cuts the bytes into lines and puts each line into the queues of
 * the others; the writer sends what is in its queue. Nobody sends while he holds a lock.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINE (1024 * 1024)      /* a line may be this long */
#define MAX_QUEUE (8 * 1024 * 1024) /* what we keep for a client that does not read */
#define DEFAULT_PORT 9034

struct client {
    int fd;
    int id;
    pthread_t reader;
    pthread_t writer;
    struct client *next;

    /* the line that is under way: of the reader alone */
    char *line;
    size_t line_length;
    size_t line_capacity;

    /* the queue: everybody puts in, the writer takes out */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *queue;
    size_t queue_length;
    size_t queue_capacity;
    bool closing;     /* nothing more will be put in */
    bool too_slow;    /* the queue was full */
    bool writer_done;
};

static pthread_mutex_t room_lock = PTHREAD_MUTEX_INITIALIZER;
static struct client *room;     /* all who are connected */
static int clients_in_room;
static long lines_relayed;

static pthread_mutex_t gone_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gone_changed = PTHREAD_COND_INITIALIZER;
static struct client *gone;     /* those who have left, and whose threads are to be joined */
static int clients_alive;
static bool closing_time;

static atomic_bool stopping;
static int listener;

/* ---- the queue of a client ---- */

static bool grow(char **buffer, size_t *capacity, size_t needed)
{
    size_t bigger = *capacity ? *capacity : 4096;
    while (bigger < needed)
        bigger *= 2;
    if (bigger == *capacity)
        return true;
    char *moved = realloc(*buffer, bigger);
    if (moved == NULL)
        return false;
    *buffer = moved;
    *capacity = bigger;
    return true;
}

static void put(struct client *c, const char *bytes, size_t length)
{
    pthread_mutex_lock(&c->lock);
    if (!c->closing && !c->too_slow) {
        if (c->queue_length + length > MAX_QUEUE || !grow(&c->queue, &c->queue_capacity, c->queue_length + length)) {
            c->too_slow = true;
            shutdown(c->fd, SHUT_RDWR);
        } else {
            memcpy(c->queue + c->queue_length, bytes, length);
            c->queue_length += length;
        }
        pthread_cond_signal(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

static void *writer_main(void *arg)
{
    struct client *c = arg;
    bool ok = true;

    pthread_mutex_lock(&c->lock);
    while (ok && !c->too_slow) {
        if (c->queue_length > 0) {
            char *bytes = c->queue;
            size_t length = c->queue_length;
            c->queue = NULL;
            c->queue_length = 0;
            c->queue_capacity = 0;
            pthread_mutex_unlock(&c->lock);
            ok = send_all(c->fd, bytes, length);
            free(bytes);
            pthread_mutex_lock(&c->lock);
        } else if (c->closing) {
            break;
        } else {
            pthread_cond_wait(&c->changed, &c->lock);
        }
    }
    c->writer_done = true;
    if (!ok)
        c->closing = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* ---- the room ---- */

static void enter(struct client *c)
{
    pthread_mutex_lock(&room_lock);
    c->next = room;
    room = c;
    clients_in_room++;
    pthread_mutex_unlock(&room_lock);
}

static int leave(struct client *c)
{
    pthread_mutex_lock(&room_lock);
    for (struct client **p = &room; *p != NULL; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            clients_in_room--;
            break;
        }
    }
    int left = clients_in_room;
    pthread_mutex_unlock(&room_lock);
    return left;
}

static void tell_the_others(struct client *sender, const char *line, size_t length)
{
    pthread_mutex_lock(&room_lock);
    for (struct client *c = room; c != NULL; c = c->next)
        if (c != sender)
            put(c, line, length);
    lines_relayed++;
    pthread_mutex_unlock(&room_lock);
}

/* ---- a client's life ---- */

/* Takes the bytes that have come; false where the line gets too long. */
static bool take(struct client *c, const char *bytes, size_t length)
{
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t n = end != NULL ? (size_t)(end - bytes) : length;
        if (c->line_length + n > MAX_LINE)
            return false;
        if (!grow(&c->line, &c->line_capacity, c->line_length + n + 1)) /* and a newline */
            return false;
        memcpy(c->line + c->line_length, bytes, n);
        c->line_length += n;
        bytes += n;
        length -= n;
        if (end != NULL) {
            c->line[c->line_length++] = '\n';
            tell_the_others(c, c->line, c->line_length);
            c->line_length = 0;
            bytes++;
            length--;
        }
    }
    return true;
}

/* Gives the writer a second for what is still queued; then hangs up. */
static void say_goodbye(struct client *c)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += 1;

    pthread_mutex_lock(&c->lock);
    c->closing = true;
    pthread_cond_broadcast(&c->changed);
    while (!c->writer_done)
        if (pthread_cond_timedwait(&c->changed, &c->lock, &deadline) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&c->lock);
    shutdown(c->fd, SHUT_RDWR);
}

static void hand_over_to_the_reaper(struct client *c)
{
    pthread_mutex_lock(&gone_lock);
    c->next = gone;
    gone = c;
    pthread_cond_signal(&gone_changed);
    pthread_mutex_unlock(&gone_lock);
}

static void *reader_main(void *arg)
{
    struct client *c = arg;
    char bytes[16384];
    const char *reason = "has left";

    for (;;) {
        ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (!take(c, bytes, (size_t)n)) {
            reason = "is disconnected: its line is too long";
            c->line_length = 0;
            break;
        }
    }
    if (c->line_length > 0) {
        c->line[c->line_length++] = '\n';
        tell_the_others(c, c->line, c->line_length);
    }
    int left = leave(c);
    say_goodbye(c);
    pthread_mutex_lock(&c->lock);
    if (c->too_slow)
        reason = "is disconnected: it does not read";
    pthread_mutex_unlock(&c->lock);
    printf("client %d %s, %d left\n", c->id, reason, left);
    hand_over_to_the_reaper(c);
    return NULL;
}

static void delete_client(struct client *c)
{
    close(c->fd);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c->queue);
    free(c->line);
    free(c);
}

/* Joins the threads of those who have left. */
static void *reaper_main(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&gone_lock);
    while (!closing_time || clients_alive > 0) {
        if (gone == NULL) {
            pthread_cond_wait(&gone_changed, &gone_lock);
            continue;
        }
        struct client *c = gone;
        gone = c->next;
        pthread_mutex_unlock(&gone_lock);
        pthread_join(c->reader, NULL);
        pthread_join(c->writer, NULL);
        delete_client(c);
        pthread_mutex_lock(&gone_lock);
        clients_alive--;
    }
    pthread_mutex_unlock(&gone_lock);
    return NULL;
}

static struct client *new_client(int fd, int id)
{
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return NULL;
    }
    c->fd = fd;
    c->id = id;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void welcome(int fd, int id)
{
    struct client *c = new_client(fd, id);
    if (c == NULL) {
        printf("client %d is turned away: no memory\n", id);
        return;
    }
    enter(c);
    int error = pthread_create(&c->writer, NULL, writer_main, c);
    if (error != 0) {
        leave(c);
        delete_client(c);
        printf("client %d is turned away: %s\n", id, strerror(error));
        return;
    }
    printf("client %d has joined\n", id);

    pthread_mutex_lock(&gone_lock); /* so that nobody joins it before we know it */
    clients_alive++;
    error = pthread_create(&c->reader, NULL, reader_main, c);
    if (error != 0)
        clients_alive--;
    pthread_mutex_unlock(&gone_lock);

    if (error != 0) {
        leave(c);
        say_goodbye(c);
        pthread_join(c->writer, NULL);
        delete_client(c);
        printf("client %d is turned away: %s\n", id, strerror(error));
    }
}

static void *acceptor_main(void *arg)
{
    (void)arg;
    int last_id = 0;
    bool short_of_something = false;

    while (!stopping) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            short_of_something = false;
            if (stopping)
                close(fd);
            else
                welcome(fd, ++last_id);
        } else if (errno != EINTR && errno != ECONNABORTED && !stopping) {
            if (!short_of_something)
                printf("accept: %s, trying again\n", strerror(errno));
            short_of_something = true;
            nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
        }
    }
    return NULL;
}

/* ---- start and stop ---- */

static int parse_port(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || strspn(text, "0123456789") != length)
        return -1;
    errno = 0;
    unsigned long port = strtoul(text, NULL, 10);
    return errno != 0 || port > 65535 ? -1 : (int)port;
}

static int listen_on(int family, int port)
{
    int on = 1, off = 0;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = in6addr_any};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int failed;
    if (family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off); /* IPv4 clients come in here, too */
        failed = bind(fd, (struct sockaddr *)&six, sizeof six);
    } else {
        failed = bind(fd, (struct sockaddr *)&four, sizeof four);
    }
    if (failed || listen(fd, SOMAXCONN) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return -1;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? parse_port(argv[1]) : DEFAULT_PORT;
    if (argc > 2 || port < 0) {
        fprintf(stderr, "usage: %s [port]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);

    sigset_t stop_signals; /* all threads inherit it; sigwait below takes them */
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGINT);
    sigaddset(&stop_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop_signals, NULL);

    listener = listen_on(AF_INET6, port);
    if (listener < 0 && errno != EADDRINUSE && errno != EACCES)
        listener = listen_on(AF_INET, port);
    if (listener < 0) {
        fprintf(stderr, "%s: port %d: %s\n", argv[0], port, strerror(errno));
        return 1;
    }

    pthread_t acceptor, reaper;
    int error = pthread_create(&reaper, NULL, reaper_main, NULL);
    if (error == 0)
        error = pthread_create(&acceptor, NULL, acceptor_main, NULL);
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", argv[0], strerror(error));
        return 1;
    }
    printf("Listening on port: [%d] ...\n", port_of(listener));

    int which;
    while (sigwait(&stop_signals, &which) != 0)
        ;
    stopping = true;
    shutdown(listener, SHUT_RDWR); /* wakes accept */
    pthread_join(acceptor, NULL);
    close(listener);

    pthread_mutex_lock(&room_lock);
    for (struct client *c = room; c != NULL; c = c->next)
        shutdown(c->fd, SHUT_RDWR); /* wakes its reader */
    long lines = lines_relayed;
    pthread_mutex_unlock(&room_lock);

    pthread_mutex_lock(&gone_lock);
    closing_time = true;
    pthread_cond_signal(&gone_changed);
    pthread_mutex_unlock(&gone_lock);
    pthread_join(reaper, NULL);
    printf("stopped after %ld lines\n", lines);
    return 0;
}
