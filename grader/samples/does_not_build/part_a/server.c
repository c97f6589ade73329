// server.c
#include <ctype.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 1024
#define MAX_LINE 8192

static int clients[MAX_CLIENTS];
static int count = 0;
static pthread_mutex_t clients_lock = PTHREAD_MUTEX_INITIALIZER;

void send_to_others(int from, const char *line, int len)
{
    pthread_mutex_lock(&clients_lock);
    for (int i = 0; i < count; i++) {
        int sent = 0;
        while (clients[i] != from && sent < len) {
            int n = send(clients[i], line + sent, len - sent, MSG_NOSIGNAL);
            if (n <= 0)
                break;
            sent += n;
        }
    }
    pthread_mutex_unlock(&clients_lock);
}

void *handle_client(void *p)
{
    int fd = (int)(long)p, len = 0, n;
    char line[MAX_LINE];

    while (len < MAX_LINE && (n = recv(fd, line + len, MAX_LINE - len, 0)) > 0) {
        len += n;
        for (char *nl; (nl = memchr(line, '\n', len)); ) {
            int part = nl - line + 1;
            printf("%d: %.*s", fd, part, line);
            send_to_others(fd, line, part);
            len -= part;
            memmove(line, nl + 1, len);
        }
    }
    pthread_mutex_lock(&clients_lock);
    for (int i = 0; i < count; i++)
        if (clients[i] == fd)
            clients[i] = clients[--count];
    pthread_mutex_unlock(&clients_lock);
    close(fd);
    return NULL;
}

void handle_signal(int sig) { _exit(0); }

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 9034, yes = 1;
    if (argc > 2 || (argc > 1 && (strspn(argv[1], "0123456789") != strlen(argv[1]) || !*argv[1] || port > 65535))) {
        fprintf(stderr, "usage: server [port]\n");
        return 2;
    }
    signal(SIGINT, handle_signal);
    signal(SIGTERM, handle_signal);
    setlinebuf(stdout);

    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
    socklen_t len = sizeof(addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(listener, (struct sockaddr *)&addr, len) < 0 || listen(listener, 64) < 0) {
        perror("server");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&addr, &len)
    printf("Listening on port: [%d] ...\n", ntohs(addr.sin_port));

    while (1) {
        pthread_t tid;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        pthread_mutex_lock(&clients_lock);
        if (count == MAX_CLIENTS) {
            close(fd);
            fd = -1;
        } else
            clients[count++] = fd;
        pthread_mutex_unlock(&clients_lock);
        if (fd >= 0) {
            pthread_create(&tid, NULL, handle_client, (void *)(long)fd);
            pthread_detach(tid);
        }
    }
}
