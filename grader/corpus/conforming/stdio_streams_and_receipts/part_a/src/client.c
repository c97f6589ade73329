// A chat client: main listens to the server and looks up ten times a second, a thread listens to the keyboard.
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_llong goodbye; // when the input ended, in ms; 0 while it has not

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void *type(void *arg)
{
    FILE *to_server = arg;
    char *line = NULL;
    size_t room = 0;
    ssize_t size;

    while ((size = getline(&line, &room, stdin)) > 0) {
        fwrite(line, 1, (size_t)size, to_server);
        if (line[size - 1] != '\n')
            putc('\n', to_server);
        if (fflush(to_server) != 0)
            break; // main hears about it
    }
    free(line);
    if (!ferror(to_server)) {
        goodbye = now();
        shutdown(fileno(to_server), SHUT_WR);
    }
    return NULL;
}

static int dial(const char *host, const char *port)
{
    struct addrinfo *all, *a, wanted;
    int fd = -1, error;

    memset(&wanted, 0, sizeof wanted);
    wanted.ai_socktype = SOCK_STREAM;
    error = getaddrinfo(host, port, &wanted, &all);
    if (error) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
        return -1;
    }
    error = ECONNREFUSED;
    for (a = all; a; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        error = errno;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(all);
    if (fd < 0)
        fprintf(stderr, "%s, port %s: %s\n", host, port, strerror(error));
    return fd;
}

int main(int argc, char *argv[])
{
    const struct timeval tenth = {0, 100000};
    static char piece[32768];
    pthread_t typist;

    if (argc > 3) {
        fputs("usage: client [host] [port]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int fd = dial(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    if (fd < 0)
        return 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tenth, sizeof tenth);
    FILE *to_server = fdopen(fd, "w");
    if (!to_server || pthread_create(&typist, NULL, type, to_server) != 0) {
        perror("client");
        return 1;
    }

    long long heard = now();
    for (;;) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        long long time = now(), ended = goodbye;
        if (n > 0) {
            for (ssize_t done = 0, w; done < n; done += w) {
                w = write(1, piece + done, (size_t)(n - done));
                if (w < 0 && errno != EINTR) {
                    perror("stdout");
                    _exit(1);
                }
                w = w < 0 ? 0 : w;
            }
            heard = now();
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            if (ended)
                break;
            fputs("client: the connection to the server has ended\n", stderr);
            _exit(1);
        }
        if (ended && (time - ended >= 5000 || time - (heard > ended ? heard : ended) >= 1000))
            break;
    }
    pthread_join(typist, NULL);
    fclose(to_server);
    return 0;
}
