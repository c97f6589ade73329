/* client.c - a keyboard thread and a socket thread */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int fd;
static atomic_int typed_all;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *keyboard(void *arg)
{
    char line[2048];

    while (fgets(line, sizeof line, stdin)) {
        size_t done = 0, n = strlen(line);
        while (done < n) {
            ssize_t sent = send(fd, line + done, n - done, MSG_NOSIGNAL);
            if (sent < 0)
                return arg; /* main() notices, too */
            done += (size_t)sent;
        }
    }
    typed_all = 1;
    shutdown(fd, SHUT_WR);
    return arg;
}

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints, *all, *a;
    int s = -1, error;

    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    if ((error = getaddrinfo(host, port, &hints, &all)) != 0) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
        exit(1);
    }
    for (a = all; a; a = a->ai_next) {
        s = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (s >= 0 && connect(s, a->ai_addr, a->ai_addrlen) == 0)
            break;
        error = errno;
        if (s >= 0)
            close(s);
        s = -1;
    }
    freeaddrinfo(all);
    if (s < 0) {
        fprintf(stderr, "%s port %s: %s\n", host, port, strerror(error));
        exit(1);
    }
    return s;
}

static void print(const char *bytes, ssize_t n)
{
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, bytes, (size_t)n);
        if (done < 0)
            _exit(1);
        bytes += done;
        n -= done;
    }
}

int main(int argc, char **argv)
{
    struct timeval tick = {0, 100000}; /* recv() looks up ten times a second */
    char bytes[4096];
    double end = 0, quiet = 0;
    pthread_t t;

    if (argc > 3) {
        fprintf(stderr, "Usage: %s [host] [port]\n", argv[0]);
        return 2;
    }
    fd = connect_to(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick);
    if (pthread_create(&t, NULL, keyboard, NULL) != 0) {
        fprintf(stderr, "cannot start a thread\n");
        return 1;
    }
    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            break;
        print(bytes, n);
        if (typed_all) {
            if (end == 0)
                end = seconds() + 5;
            if (n > 0 || quiet == 0)
                quiet = seconds() + 1;
            if (seconds() >= end || seconds() >= quiet)
                _exit(0);
        }
    }
    if (!typed_all)
        fprintf(stderr, "The server has closed the connection.\n");
    _exit(typed_all ? 0 : 1);
}
