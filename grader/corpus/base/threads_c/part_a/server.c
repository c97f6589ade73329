/* The chat server: one thread for each client, and a room that passes lines on. */
#include "room.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_PORT 9034
#define CHUNK 16384
#define MAX_LINE (1024u * 1024)

/* Bytes of a client that have no newline yet. */
struct inbox {
    char *bytes;
    size_t length;
    size_t capacity;
};

static atomic_bool stopping;

static bool append(struct inbox *inbox, const char *bytes, size_t length)
{
    if (inbox->length + length > inbox->capacity) {
        size_t bigger = 2 * (inbox->length + length);
        char *grown = realloc(inbox->bytes, bigger);
        if (!grown)
            return false;
        inbox->bytes = grown;
        inbox->capacity = bigger;
    }
    memcpy(inbox->bytes + inbox->length, bytes, length);
    inbox->length += length;
    return true;
}

/* Says every whole line of the inbox and keeps the rest; `seen` bytes are known to have no
 * newline. False if a line is too long. */
static bool say_lines(const struct client *me, struct inbox *inbox, size_t seen)
{
    char *start = inbox->bytes;
    char *end = inbox->bytes + inbox->length;
    char *from = inbox->bytes + seen;
    char *newline;

    while ((newline = memchr(from, '\n', (size_t)(end - from)))) {
        if ((size_t)(newline - start) > MAX_LINE)
            return false;
        room_say(me, start, (size_t)(newline + 1 - start));
        start = from = newline + 1;
    }
    inbox->length = (size_t)(end - start);
    if (start > inbox->bytes)
        memmove(inbox->bytes, start, inbox->length);
    return inbox->length <= MAX_LINE;
}

/* The thread of one client: reads until it goes. */
static void *serve(void *argument)
{
    struct client *me = argument;
    struct inbox inbox = {NULL, 0, 0};
    char chunk[CHUNK];
    bool polite = false;

    for (;;) {
        ssize_t n = recv(me->fd, chunk, sizeof chunk, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            polite = n == 0;
            break;
        }
        size_t seen = inbox.length;
        if (!append(&inbox, chunk, (size_t)n)) {
            printf("no memory for client %lu, disconnected\n", me->number);
            break;
        }
        if (!say_lines(me, &inbox, seen)) {
            printf("client %lu sends a line without end, disconnected\n", me->number);
            break;
        }
    }
    if (polite && inbox.length > 0 && append(&inbox, "\n", 1))
        room_say(me, inbox.bytes, inbox.length);
    free(inbox.bytes);
    room_leave(me, polite);
    return NULL;
}

/* Lets the new client join and gives it its thread. */
static void welcome(int fd)
{
    const int on = 1;
    pthread_t thread;
    struct client *client = room_join(fd);

    if (!client) {
        printf("no memory for a new client\n");
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int error = pthread_create(&thread, NULL, serve, client);
    if (error != 0) {
        printf("no thread for client %lu: %s\n", client->number, strerror(error));
        room_leave(client, false);
        return;
    }
    pthread_detach(thread);
}

static void *accept_clients(void *argument)
{
    const int listener = *(const int *)argument;
    const struct timespec rest = {0, 50 * 1000 * 1000};

    while (!stopping) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0) {
            welcome(fd);
        } else if (errno != EINTR && errno != ECONNABORTED && !stopping) {
            printf("cannot accept: %s\n", strerror(errno));
            nanosleep(&rest, NULL); /* no descriptors, most likely: it would fail again at once */
        }
    }
    return NULL;
}

/* -1 if the text is no port. */
static int parse_port(const char *text)
{
    long port = 0;

    if (*text == '\0')
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        port = 10 * port + (*text - '0');
        if (port > 65535)
            return -1;
    }
    return (int)port;
}

/* IPv6 and IPv4 in one socket, or IPv4 alone where the host has no IPv6. */
static int listen_on(int port)
{
    const int on = 1, off = 0;
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr *address = (struct sockaddr *)&any6;
    socklen_t size = sizeof any6;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd >= 0) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    } else {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        address = (struct sockaddr *)&any4;
        size = sizeof any4;
    }
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, size) < 0 || listen(fd, SOMAXCONN) < 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return -1;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? parse_port(argv[1]) : DEFAULT_PORT;
    sigset_t ends;
    pthread_t acceptor;
    int caught;

    if (argc > 2 || port < 0) {
        fprintf(stderr, "usage: %s [port]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* main alone takes them, with sigwait */

    int listener = listen_on(port);
    if (listener < 0) {
        fprintf(stderr, "%s: cannot listen on port %d: %s\n", argv[0], port, strerror(errno));
        return 1;
    }
    if (!room_open() || pthread_create(&acceptor, NULL, accept_clients, &listener) != 0) {
        fprintf(stderr, "%s: cannot start a thread\n", argv[0]);
        return 1;
    }
    printf("Listening on port: [%d] ...\n", port_of(listener));

    sigwait(&ends, &caught);
    stopping = true;
    shutdown(listener, SHUT_RDWR); /* wakes accept */
    pthread_join(acceptor, NULL);
    close(listener);
    room_close();
    return 0;
}
