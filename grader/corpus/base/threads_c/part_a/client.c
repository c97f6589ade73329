/* The chat client: one thread reads the keyboard, the other one the socket. */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int server;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static bool said_goodbye;  /* the keyboard is at its end */
static bool server_closed;
static struct timespec last_heard;

static struct timespec now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static bool earlier(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static bool write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, length);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        }
    }
    return true;
}

static bool send_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(server, bytes, length, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        }
    }
    return true;
}

/* Prints what arrives. If the server goes first, this ends the program. */
static void *listen_to_server(void *unused)
{
    char chunk[16384];
    ssize_t n;

    (void)unused;
    for (;;) {
        n = recv(server, chunk, sizeof chunk, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (!write_all(chunk, (size_t)n)) {
            perror("client: cannot print");
            _exit(1);
        }
        pthread_mutex_lock(&lock);
        last_heard = now();
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    server_closed = true;
    bool expected = said_goodbye;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (!expected) {
        fprintf(stderr, "client: the server has gone\n");
        _exit(1); /* the other thread is blocked in its read of the keyboard */
    }
    return NULL;
}

static int connect_to(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;
    int fd = -1, reason = 0;
    int error = getaddrinfo(host, port, &hints, &addresses);

    if (error != 0) {
        fprintf(stderr, "client: %s port %s: %s\n", host, port, gai_strerror(error));
        return -1;
    }
    for (struct addrinfo *a = addresses; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            reason = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(addresses);
    if (fd < 0)
        fprintf(stderr, "client: cannot connect to %s port %s: %s\n", host, port,
                strerror(reason));
    return fd;
}

/* After Ctrl-D: until the server closes, is silent for a second, or five have passed. */
static void wait_for_the_rest(void)
{
    pthread_mutex_lock(&lock);
    said_goodbye = true;
    shutdown(server, SHUT_WR);
    last_heard = now();
    struct timespec end = last_heard;
    end.tv_sec += 5;
    while (!server_closed) {
        struct timespec deadline = last_heard;
        deadline.tv_sec += 1;
        if (earlier(end, deadline))
            deadline = end;
        if (!earlier(now(), deadline))
            break;
        pthread_cond_timedwait(&changed, &lock, &deadline);
    }
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "localhost";
    const char *port = argc > 2 ? argv[2] : "9034";
    pthread_condattr_t attributes;
    pthread_t listener;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    if (argc > 3) {
        fprintf(stderr, "usage: %s [host] [port]\n", argv[0]);
        return 2;
    }
    server = connect_to(host, port);
    if (server < 0)
        return 1;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    if (pthread_create(&listener, NULL, listen_to_server, NULL) != 0) {
        fprintf(stderr, "client: cannot start a thread\n");
        return 1;
    }
    pthread_detach(listener);
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        if (!send_all(line, (size_t)length))
            for (;;)
                pause(); /* the listener prints the rest, says why, and ends the program */
    }
    free(line);
    wait_for_the_rest();
    _exit(0); /* the listener may still be blocked in recv */
}
