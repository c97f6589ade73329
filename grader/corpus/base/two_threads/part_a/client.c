/*
 * A chat client with two threads: main listens to the keyboard, the other one to the server.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SILENCE_MS 1000  /* after the end of input: so long may the server be silent */
#define PATIENCE_MS 5000 /* and so long may it talk */

static int server_fd;
static bool on_terminal; /* keyboard and screen, and not files or pipes */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static bool input_ended;
static bool server_closed;
static bool printing;
static long long last_heard; /* in ms */

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

static bool send_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(server_fd, bytes, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

/* ---- from the server to the screen ---- */

static void show(const char *bytes, size_t length)
{
    if (on_terminal)
        write_all(STDOUT_FILENO, "\r\033[K", 4); /* over the prompt */
    if (!write_all(STDOUT_FILENO, bytes, length)) {
        perror("stdout");
        exit(1);
    }
    if (on_terminal && bytes[length - 1] == '\n')
        write_all(STDOUT_FILENO, "> ", 2);
}

static void *listen_to_the_server(void *arg)
{
    (void)arg;
    char bytes[16384];
    ssize_t n;

    for (;;) {
        n = recv(server_fd, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        pthread_mutex_lock(&lock);
        printing = true;
        pthread_mutex_unlock(&lock);

        show(bytes, (size_t)n);

        pthread_mutex_lock(&lock);
        printing = false;
        last_heard = now_ms();
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    int error = n < 0 ? errno : 0;

    pthread_mutex_lock(&lock);
    bool expected = input_ended;
    server_closed = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (!expected) {
        /* main sits in a read or a send, so the program ends here */
        fprintf(stderr, "%sThe server has gone%s%s\n", on_terminal ? "\n" : "", error ? ": " : "",
                error ? strerror(error) : "");
        exit(1);
    }
    return NULL;
}

/* ---- from the keyboard to the server ---- */

/* Sends every line as soon as it is whole; returns false if the server does not take it. */
static bool listen_to_the_keyboard(void)
{
    size_t length = 0, capacity = 4096;
    char *text = malloc(capacity);
    bool ok = true;

    if (text == NULL) {
        perror("input");
        exit(1);
    }
    while (ok) {
        if (capacity - length < 2) { /* one for the newline at the end */
            char *bigger = realloc(text, capacity * 2);
            if (bigger == NULL) {
                perror("input");
                exit(1);
            }
            text = bigger;
            capacity *= 2;
        }
        ssize_t n = read(STDIN_FILENO, text + length, capacity - length - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        char *end = memrchr(text + length, '\n', (size_t)n);
        length += (size_t)n;
        if (end == NULL)
            continue;
        size_t whole = (size_t)(end - text) + 1;
        ok = send_all(text, whole);
        memmove(text, text + whole, length - whole);
        length -= whole;
        if (on_terminal)
            write_all(STDOUT_FILENO, "> ", 2);
    }
    if (ok && length > 0) {
        text[length++] = '\n';
        ok = send_all(text, length);
    }
    free(text);
    return ok;
}

/* After the end of input: what is still said. */
static void wait_for_the_rest(void)
{
    pthread_mutex_lock(&lock);
    last_heard = now_ms();
    long long limit = last_heard + PATIENCE_MS;
    while (!server_closed) {
        long long deadline = last_heard + SILENCE_MS;
        if (printing || deadline > limit)
            deadline = limit;
        if (now_ms() >= deadline)
            break;
        struct timespec t = {.tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000};
        pthread_cond_timedwait(&changed, &lock, &t);
    }
    pthread_mutex_unlock(&lock);
}

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int error = getaddrinfo(host, port, &hints, &list);
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", host, error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
        return -1;
    }
    int fd = -1;
    int reason = 0;
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        reason = errno;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd < 0)
        fprintf(stderr, "%s port %s: %s\n", host, port, strerror(reason));
    return fd;
}

int main(int argc, char **argv)
{
    if (argc > 3) {
        fprintf(stderr, "usage: %s [host] [port]\n", argv[0]);
        return 2;
    }
    server_fd = connect_to(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    if (server_fd < 0)
        return 1;
    on_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attr);
    pthread_condattr_destroy(&attr);

    if (on_terminal)
        write_all(STDOUT_FILENO, "> ", 2);
    pthread_t listener;
    int error = pthread_create(&listener, NULL, listen_to_the_server, NULL);
    if (error != 0) {
        fprintf(stderr, "pthread_create: %s\n", strerror(error));
        return 1;
    }
    bool all_sent = listen_to_the_keyboard();
    pthread_mutex_lock(&lock);
    input_ended = all_sent;
    bool too_late = server_closed;
    pthread_mutex_unlock(&lock);
    if (!all_sent || too_late) {
        pthread_join(listener, NULL); /* it ends the program, and says why */
        return 1;
    }
    shutdown(server_fd, SHUT_WR);
    wait_for_the_rest();
    if (on_terminal)
        write_all(STDOUT_FILENO, "\n", 1);
    return 0;
}
