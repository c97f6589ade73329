// chat server
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX 100
#define LINE 4096

int fds[MAX]; // 0 = free
pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

void send_all(int fd, char *s, int n) {
    while (n > 0) {
        int k = send(fd, s, n, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        s += k;
        n -= k;
    }
}

void tell_others(int me, char *s, int n) {
    pthread_mutex_lock(&m);
    for (int i = 0; i < MAX; i++)
        if (fds[i] && i != me)
            send_all(fds[i], s, n);
    pthread_mutex_unlock(&m);
}

void *client(void *arg) {
    int me = *(int *)arg, prefix, len, n;
    char line[LINE + 50], buf[1024];
    free(arg);
    prefix = len = sprintf(line, "client %d: ", me);
    while ((n = recv(fds[me], buf, sizeof(buf), 0)) > 0)
        for (int i = 0; i < n; i++) {
            if (buf[i] == '\r')
                continue;
            if (buf[i] != '\n') {
                if (len == LINE) // too long for me
                    goto out;
                line[len++] = buf[i];
            } else if (len > prefix) {
                line[len++] = '\n';
                tell_others(me, line, len);
                len = prefix;
            }
        }
out:
    pthread_mutex_lock(&m);
    close(fds[me]);
    fds[me] = 0;
    pthread_mutex_unlock(&m);
    return NULL;
}

void quit(int sig) { _exit(0); }

int main(int argc, char *argv[]) {
    long port = 9034;
    char *end = "";
    if (argc == 2)
        port = strtol(argv[1], &end, 10);
    if (argc > 2 || *end || port < 0 || port > 65535 || (argc == 2 && (argv[1][0] < '0' || argv[1][0] > '9'))) {
        fprintf(stderr, "usage: %s [port]\n", argv[0]);
        return 2;
    }
    signal(SIGINT, quit);
    signal(SIGTERM, quit);

    int s = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in a = {AF_INET, htons(port), {INADDR_ANY}};
    socklen_t size = sizeof(a);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(s, (struct sockaddr *)&a, size) < 0 || listen(s, 20) < 0) {
        perror("server");
        return 1;
    }
    getsockname(s, (struct sockaddr *)&a, &size);
    printf("Listening on port: [%d]\n", ntohs(a.sin_port));
    fflush(stdout);

    while (1) {
        pthread_t t;
        char hello[50];
        int fd = accept(s, NULL, NULL), i;
        if (fd < 0)
            continue;
        pthread_mutex_lock(&m);
        for (i = 0; i < MAX && fds[i]; i++)
            ;
        if (i < MAX) {
            fds[i] = fd;
            send_all(fd, hello, sprintf(hello, "welcome, you are client %d\n", i));
        }
        pthread_mutex_unlock(&m);
        if (i == MAX) {
            close(fd);
            continue;
        }
        int *arg = malloc(sizeof(int));
        *arg = i;
        pthread_create(&t, NULL, client, arg);
        pthread_detach(t);
    }
}
