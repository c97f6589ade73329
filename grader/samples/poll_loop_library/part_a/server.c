/* server.c - Part A: accepts clients and serves each of them with a thread */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "list.h"

enum { DEFAULT_PORT = 9034, CHUNK = 16384, LINE_MAX_BYTES = 1 << 20 };

static int listener;

/* One line that grows. */
struct line {
    char *text;
    size_t length, room;
};

static int append(struct line *l, const char *bytes, size_t n)
{
    if (l->length + n > l->room) {
        size_t room = 2 * (l->length + n);
        char *text = realloc(l->text, room);
        if (!text)
            return 0;
        l->text = text;
        l->room = room;
    }
    memcpy(l->text + l->length, bytes, n);
    l->length += n;
    return 1;
}

/* Cuts what arrived into lines; 0 when this client has to go. */
static int got(int fd, struct line *l, const char *bytes, size_t n)
{
    while (n > 0) {
        const char *nl = memchr(bytes, '\n', n);
        size_t part = nl ? (size_t)(nl - bytes) + 1 : n;
        if (!append(l, bytes, part) || l->length > LINE_MAX_BYTES) {
            fprintf(stderr, "%d: line too long\n", fd);
            return 0;
        }
        if (nl) {
            list_send(fd, l->text, l->length);
            l->length = 0;
        }
        bytes += part;
        n -= part;
    }
    return 1;
}

static void *client_thread(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char chunk[CHUNK];
    struct line line = {0};
    ssize_t n;

    while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0)
        if (!got(fd, &line, chunk, (size_t)n))
            break;
    if (n == 0 && line.length > 0 && append(&line, "\n", 1))
        list_send(fd, line.text, line.length);
    free(line.text);
    list_remove(fd);
    fprintf(stderr, "%d: left\n", fd);
    close(fd);
    return NULL;
}

static void *accept_thread(void *arg)
{
    struct timespec pause = {0, 50000000};
    struct timeval patience = {3, 0};
    pthread_t t;

    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            if (errno != EINTR && errno != ECONNABORTED) {
                perror("accept");
                nanosleep(&pause, NULL);
            }
            continue;
        }
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        fprintf(stderr, "%d: joined\n", fd);
        if (!list_add(fd)) {
            close(fd);
        } else if (pthread_create(&t, NULL, client_thread, (void *)(intptr_t)fd) != 0) {
            list_remove(fd);
            close(fd);
        } else {
            pthread_detach(t);
        }
    }
    return arg;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int start_listening(unsigned port)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    int on = 1;

    memset(&addr, 0, sizeof addr);
    addr.sin_family = AF_INET;
    addr.sin_addr.s_addr = htonl(INADDR_ANY);
    addr.sin_port = htons((uint16_t)port);
    if ((listener = socket(AF_INET, SOCK_STREAM, 0)) < 0)
        die("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0)
        die("bind");
    if (listen(listener, 100) < 0)
        die("listen");
    getsockname(listener, (struct sockaddr *)&addr, &len);
    return ntohs(addr.sin_port);
}

int main(int argc, char **argv)
{
    unsigned port = DEFAULT_PORT;
    char more;
    int sig;
    sigset_t signals;
    pthread_t acceptor;

    if (argc > 2 || (argc == 2 && (strspn(argv[1], "0123456789") == 0 || strlen(argv[1]) > 5 ||
                                   sscanf(argv[1], "%u%c", &port, &more) != 1 || port > 65535))) {
        fprintf(stderr, "Usage: %s [port]\n", argv[0]);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    printf("Listening on port: [%d] ...\n", start_listening(port));
    fflush(stdout);
    if (pthread_create(&acceptor, NULL, accept_thread, NULL) != 0)
        die("pthread_create");
    sigwait(&signals, &sig);
    _exit(0); /* the kernel closes all connections */
}
