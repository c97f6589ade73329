/* Chat server with threads. Clients are kept in a linked list. */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct client {
    int sockfd;
    struct client *next;
} client;

client *first = NULL;
pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;

int send_line(int sockfd, const char *line, size_t len)
{
    while (len > 0) {
        ssize_t n = send(sockfd, line, len, 0);
        if (n < 0)
            return -1;
        line += n;
        len -= n;
    }
    return 0;
}

/* Sends to all clients except the sender. Clients that can't be reached have left: they are removed here. */
void broadcast(int sender, const char *line, size_t len)
{
    pthread_mutex_lock(&list_mutex);
    client **p = &first;
    while (*p != NULL) {
        client *c = *p;
        if (c->sockfd != sender && send_line(c->sockfd, line, len) < 0) {
            printf("client %d removed\n", c->sockfd);
            *p = c->next;
            close(c->sockfd);
            free(c);
        } else {
            p = &c->next;
        }
    }
    pthread_mutex_unlock(&list_mutex);
}

void *client_thread(void *arg)
{
    int sockfd = *(int *)arg;
    char buffer[2048], *line = NULL;
    size_t len = 0; /* of what came after the last newline */
    ssize_t n;

    free(arg);
    while ((n = recv(sockfd, buffer, sizeof buffer, 0)) > 0) {
        char *rest = buffer, *nl;
        char *bigger = realloc(line, len + n + 1);
        if (bigger == NULL)
            break;
        line = bigger;
        while ((nl = memchr(rest, '\n', buffer + n - rest)) != NULL) {
            size_t part = nl + 1 - rest;
            memcpy(line + len, rest, part);
            broadcast(sockfd, line, len + part);
            len = 0;
            rest = nl + 1;
        }
        memcpy(line + len, rest, buffer + n - rest);
        len += buffer + n - rest;
    }
    if (n == 0 && len > 0) {
        line[len] = '\n';
        broadcast(sockfd, line, len + 1);
    }
    free(line);
    printf("client %d disconnected\n", sockfd);
    if (n >= 0)
        shutdown(sockfd, SHUT_RDWR); /* broadcast() will clean up */
    return NULL;
}

void stop(int sig)
{
    (void)sig;
    _exit(0);
}

int main(int argc, char *argv[])
{
    unsigned int port = 9034;
    char junk;
    if (argc > 2 || (argc == 2 && (argv[1][0] < '0' || argv[1][0] > '9' || strlen(argv[1]) > 6 ||
                                   sscanf(argv[1], "%u%c", &port, &junk) != 1 || port > 65535))) {
        fprintf(stderr, "Usage: %s [port]\n", argv[0]);
        exit(2);
    }
    setlinebuf(stdout);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);

    int listenfd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t addrlen = sizeof addr;
    setsockopt(listenfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listenfd, (struct sockaddr *)&addr, sizeof addr) < 0) {
        perror("bind");
        exit(1);
    }
    if (listen(listenfd, 64) < 0) {
        perror("listen");
        exit(1);
    }
    getsockname(listenfd, (struct sockaddr *)&addr, &addrlen);
    printf("Listening on port: [%d] ...\n", ntohs(addr.sin_port));

    while (1) {
        int fd = accept(listenfd, NULL, NULL);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                usleep(200000);
            continue;
        }
        client *c = malloc(sizeof *c);
        int *arg = malloc(sizeof *arg);
        *arg = c->sockfd = fd;
        pthread_mutex_lock(&list_mutex);
        c->next = first;
        first = c;
        pthread_mutex_unlock(&list_mutex);
        printf("client %d connected\n", fd);

        pthread_t thread;
        if (pthread_create(&thread, NULL, client_thread, arg) == 0) {
            pthread_detach(thread);
        } else {
            free(arg);
            shutdown(fd, SHUT_RDWR);
        }
    }
}
