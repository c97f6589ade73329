/* Chat server with a list of clients, each with its thread and its line. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST = 1 << 16 };

struct client {
    int fd;
    size_t length; /* of what has come of the next line */
    struct client *next;
    char line[MOST];
};

static struct client *clients;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list, and who speaks */

static void join_list(struct client *c)
{
    pthread_mutex_lock(&lock);
    c->next = clients;
    clients = c;
    pthread_mutex_unlock(&lock);
}

static void leave_list(struct client *c)
{
    struct client **at;
    pthread_mutex_lock(&lock);
    for (at = &clients; *at != c; at = &(*at)->next)
        ;
    *at = c->next;
    pthread_mutex_unlock(&lock);
}

static void tell_others(struct client *from, const char *text, size_t size)
{
    pthread_mutex_lock(&lock);
    for (struct client *c = clients; c; c = c->next) {
        ssize_t n = 1;
        for (size_t done = 0; c != from && done < size && n > 0; done += n)
            n = send(c->fd, text + done, size - done, MSG_NOSIGNAL);
    }
    pthread_mutex_unlock(&lock);
}

static void *serve(void *arg)
{
    struct client *c = arg;
    for (;;) {
        ssize_t n = recv(c->fd, c->line + c->length, MOST - c->length, 0);
        if (n < 0) { /* the connection broke */
            leave_list(c);
            close(c->fd);
            return NULL;
        }
        if (n == 0) /* the end, or no more room */
            break;
        c->length += n;
        char *end = memrchr(c->line, '\n', c->length);
        if (end) {
            size_t whole = end + 1 - c->line;
            tell_others(c, c->line, whole);
            c->length -= whole;
            memmove(c->line, end + 1, c->length);
        }
    }
    leave_list(c);
    close(c->fd);
    free(c);
    return NULL;
}

static void stop(int number)
{
    (void)number;
    _exit(0);
}

static int listen_on(int port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof any;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&any, size) || listen(fd, 64)) {
        fprintf(stderr, "port %d: %s\n", port, strerror(errno));
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&any, &size);
    printf("Listening on port: [%d] ...\n", ntohs(any.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    char *end = "";
    long port = argc < 2 ? 9034 : strtol(argv[1], &end, 10);
    if (argc > 2 || *end || (argc == 2 && (*argv[1] < '0' || *argv[1] > '9')) || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [port]\n", argv[0]);
        return 2;
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    int listener = listen_on(port);
    for (;;) {
        pthread_t thread;
        struct timeval patience = {1, 0};
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        struct client *c = malloc(sizeof *c);
        if (c == NULL) {
            close(fd);
            continue;
        }
        c->fd = fd;
        c->length = 0;
        join_list(c);
        if (pthread_create(&thread, NULL, serve, c) == 0) {
            pthread_detach(thread);
        } else {
            leave_list(c);
            close(fd);
            free(c);
        }
    }
}
