/* Chat server with a thread per client. The first line of a client is his name. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 9034

struct client {
    int fd;
    char name[32];
    struct client *next;
};

static struct client *clients;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void send_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n < 0)
            return;
        text += n;
        len -= n;
    }
}

/* everybody but the sender hears "name: line" */
static void broadcast(struct client *from, const char *line, size_t len)
{
    struct client *c;
    char prefix[40];
    int n = snprintf(prefix, sizeof prefix, "%s: ", from->name);

    pthread_mutex_lock(&lock);
    printf("%s%.*s", prefix, (int)len, line);
    for (c = clients; c; c = c->next) {
        if (c == from)
            continue;
        send_all(c->fd, prefix, n);
        send_all(c->fd, line, len);
    }
    pthread_mutex_unlock(&lock);
}

static void add(struct client *c)
{
    pthread_mutex_lock(&lock);
    c->next = clients;
    clients = c;
    printf("%s is here\n", c->name);
    pthread_mutex_unlock(&lock);
}

static void take_out(struct client *c)
{
    struct client **p;

    pthread_mutex_lock(&lock);
    for (p = &clients; *p; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            break;
        }
    }
    printf("%s is gone\n", c->name);
    pthread_mutex_unlock(&lock);
}

static void *serve(void *arg)
{
    struct client *c = arg;
    FILE *in = fdopen(c->fd, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    len = getline(&line, &size, in);
    if (len > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        snprintf(c->name, sizeof c->name, "%.31s", line);
        add(c);
        while ((len = getline(&line, &size, in)) > 0)
            if (line[len - 1] == '\n')
                broadcast(c, line, len);
        take_out(c);
    }
    fclose(in);
    free(line);
    free(c);
    return NULL;
}

static void *accept_clients(void *arg)
{
    int listener = *(int *)arg;

    for (;;) {
        pthread_t thread;
        struct client *c;
        int fd = accept(listener, NULL, NULL);

        if (fd < 0)
            continue;
        c = calloc(1, sizeof *c);
        c->fd = fd;
        if (pthread_create(&thread, NULL, serve, c) != 0) {
            close(fd);
            free(c);
            continue;
        }
        pthread_detach(thread);
    }
    return NULL;
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1, which;
    pthread_t thread;
    sigset_t signals;

    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 64) < 0) {
        perror("bind");
        return 1;
    }
    printf("chat server, port %d\n", PORT);
    pthread_create(&thread, NULL, accept_clients, &listener);
    sigwait(&signals, &which);
    fflush(stdout);
    _exit(0);
}
