/* client.c: connects to a chat server; two threads */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int sock;
static atomic_int input_ended;
static atomic_long last_heard; /* milliseconds */

static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

static int dial(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list, *p;
    int fd = -1, rv = getaddrinfo(host, port, &hints, &list);

    if (rv != 0) {
        fprintf(stderr, "client: %s: %s\n", host, gai_strerror(rv));
        exit(1);
    }
    for (p = list; p != NULL; p = p->ai_next) {
        fd = socket(p->ai_family, p->ai_socktype, p->ai_protocol);
        if (fd == -1)
            continue;
        if (connect(fd, p->ai_addr, p->ai_addrlen) == 0)
            break;
        int why = errno;
        close(fd);
        errno = why;
    }
    if (p == NULL) {
        perror("client: connect");
        exit(1);
    }
    freeaddrinfo(list);
    return fd;
}

static void *receive(void *arg)
{
    char buf[4096];
    ssize_t n;

    while ((n = recv(sock, buf, sizeof buf, 0)) > 0 || (n == -1 && errno == EINTR)) {
        last_heard = now();
        for (ssize_t done = 0, w; done < n; done += w)
            if ((w = write(1, buf + done, n - done)) == -1)
                _exit(1);
    }
    if (input_ended)
        _exit(0);
    fprintf(stderr, "client: the server has closed the connection\n");
    _exit(1);
    return arg;
}

static int sendall(const char *buf, size_t len)
{
    while (len > 0) {
        ssize_t n = send(sock, buf, len, MSG_NOSIGNAL);
        if (n == -1)
            return -1;
        buf += n;
        len -= n;
    }
    return 0;
}

int main(int argc, char *argv[])
{
    pthread_t tid;
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    if (argc > 3) {
        fprintf(stderr, "usage: client [host] [port]\n");
        return 2;
    }
    sock = dial(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    if (pthread_create(&tid, NULL, receive, NULL) != 0) {
        fprintf(stderr, "client: no thread\n");
        return 1;
    }
    while ((n = getline(&line, &size, stdin)) > 0)
        if (sendall(line, n) == -1)
            pthread_join(tid, NULL); /* it says what happened, and exits */

    input_ended = 1;
    shutdown(sock, SHUT_WR);
    long start = last_heard = now();
    while (now() - start < 5000 && now() - last_heard < 1000)
        usleep(20 * 1000);
    _exit(0);
}
