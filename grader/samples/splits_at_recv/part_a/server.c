// server of the chat: passes on what it receives, with the sender's number in front
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUF_SIZE 65536

struct client
{
    int socket;
    int number;
    struct client *prev, *next;
};

struct client list = {-1, 0, &list, &list}; // a ring; this element is its head
pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

void send_bytes(int sock, const char *data, size_t size)
{
    ssize_t n;
    for (; size > 0; data += n, size -= n)
        if ((n = send(sock, data, size, MSG_NOSIGNAL)) < 0)
            return;
}

void *serve_client(void *arg)
{
    struct client *me = arg, *c;
    char message[32 + BUF_SIZE];
    int prefix = sprintf(message, "[%d] ", me->number);
    ssize_t n;

    while ((n = recv(me->socket, message + prefix, BUF_SIZE, 0)) > 0)
    {
        printf("%.*s\n", (int)(prefix + n), message);
        pthread_mutex_lock(&list_lock);
        for (c = list.next; c != &list; c = c->next)
            if (c != me)
                send_bytes(c->socket, message, prefix + n);
        pthread_mutex_unlock(&list_lock);
    }

    pthread_mutex_lock(&list_lock);
    me->prev->next = me->next;
    me->next->prev = me->prev;
    pthread_mutex_unlock(&list_lock);
    printf("%d left\n", me->number);
    close(me->socket);
    free(me);
    return NULL;
}

void terminate(int signum)
{
    _exit(0);
}

int main(int argc, char *argv[])
{
    int port = 9034, number = 0, on = 1, c;
    char *p;

    if (argc > 2)
        goto usage;
    if (argc == 2)
    {
        port = 0;
        for (p = argv[1]; *p >= '0' && *p <= '9' && port <= 65535; p++)
            port = 10 * port + *p - '0';
        if (p == argv[1] || *p || port > 65535)
            goto usage;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    signal(SIGINT, terminate);
    signal(SIGTERM, terminate);

    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(&address, 0, size);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s, (struct sockaddr *)&address, size) < 0 || listen(s, 100) < 0)
    {
        perror("Could not listen");
        return 1;
    }
    getsockname(s, (struct sockaddr *)&address, &size);
    printf("Listening on port: [%d] ...\n", ntohs(address.sin_port));

    for (;;)
    {
        if ((c = accept(s, NULL, NULL)) < 0)
        {
            usleep(50000);
            continue;
        }
        pthread_t thread;
        struct client *client = malloc(sizeof *client);
        client->socket = c;
        client->number = ++number;
        pthread_mutex_lock(&list_lock);
        client->next = &list;
        client->prev = list.prev;
        list.prev->next = client;
        list.prev = client;
        pthread_mutex_unlock(&list_lock);
        printf("%d joined\n", number);
        pthread_create(&thread, NULL, serve_client, client);
        pthread_detach(thread);
    }

usage:
    fprintf(stderr, "usage: %s [port]\n", argv[0]);
    return 2;
}
