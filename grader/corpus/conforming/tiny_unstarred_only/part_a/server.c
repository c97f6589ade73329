/* A chat server in a hundred lines: a table of clients, a lock, a thread for each of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEATS 128
#define LINE 4096

static int seats[SEATS]; /* descriptors, 0 is a free seat */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void tell_others(int seat, const char *line, size_t length)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < SEATS; i++) {
        size_t sent = 0;
        while (seats[i] && i != seat && sent < length) {
            ssize_t n = send(seats[i], line + sent, length - sent, MSG_NOSIGNAL);
            if (n < 0)
                break; /* its own thread will see that it has gone */
            sent += (size_t)n;
        }
    }
    pthread_mutex_unlock(&lock);
}

static void *serve(void *argument)
{
    int seat = (int)(intptr_t)argument;
    char line[LINE + 1];
    size_t length = 0;
    ssize_t n;

    pthread_mutex_lock(&lock);
    int fd = seats[seat];
    pthread_mutex_unlock(&lock);
    while (length < LINE && (n = recv(fd, line + length, LINE - length, 0)) > 0) {
        char *newline;
        length += (size_t)n;
        while ((newline = memchr(line, '\n', length))) {
            size_t whole = (size_t)(newline + 1 - line);
            tell_others(seat, line, whole);
            length -= whole;
            memmove(line, newline + 1, length);
        }
    }
    pthread_mutex_lock(&lock);
    seats[seat] = 0;
    close(fd);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *accept_clients(void *argument)
{
    int listener = (int)(intptr_t)argument, fd, seat;
    pthread_t thread;

    while ((fd = accept(listener, NULL, NULL)) >= 0 || errno == EINTR) {
        if (fd < 0)
            continue;
        pthread_mutex_lock(&lock);
        for (seat = 0; seat < SEATS && seats[seat]; seat++)
            ;
        if (seat < SEATS)
            seats[seat] = fd;
        pthread_mutex_unlock(&lock);
        if (seat == SEATS)
            close(fd);
        else if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)seat) == 0)
            pthread_detach(thread);
    }
    perror("accept");
    exit(1);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, signal_number;
    char *end = "";
    long port = argc == 2 ? strtol(argv[1], &end, 10) : 9034;
    sigset_t signals;
    pthread_t thread;

    if (argc > 2 || *end || port < 0 || port > 65535 || (argc == 2 && (*argv[1] < '0' || *argv[1] > '9'))) {
        fprintf(stderr, "usage: server [port]\n");
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    address.sin_port = htons((uint16_t)port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 100) < 0) {
        perror("server");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("Listening on port: [%d] ...\n", ntohs(address.sin_port));
    fflush(stdout);
    if (pthread_create(&thread, NULL, accept_clients, (void *)(intptr_t)listener) != 0)
        return 1;
    sigwait(&signals, &signal_number);
    return 0;
}
