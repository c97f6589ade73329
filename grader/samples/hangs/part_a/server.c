/* server.c - chat server, a thread for every client */
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 500

static int sockets[MAX_CLIENTS];
static int n_sockets;
static pthread_mutex_t mtx = PTHREAD_MUTEX_INITIALIZER;

static void fatal(const char *msg)
{
    perror(msg);
    exit(EXIT_FAILURE);
}

static int join_chat(int fd)
{
    int ok;
    pthread_mutex_lock(&mtx);
    ok = n_sockets < MAX_CLIENTS;
    if (ok)
        sockets[n_sockets++] = fd;
    pthread_mutex_unlock(&mtx);
    return ok;
}

static void leave_chat(int fd)
{
    pthread_mutex_lock(&mtx);
    for (int i = 0; i < n_sockets; i++)
        if (sockets[i] == fd) {
            sockets[i] = sockets[--n_sockets];
            break;
        }
    pthread_mutex_unlock(&mtx);
    close(fd);
}

static void write_line(int fd, const char *line, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, line, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        line += n;
        len -= n;
    }
}

static void relay(int sender, const char *line, size_t len)
{
    pthread_mutex_lock(&mtx);
    for (int i = 0; i < n_sockets; i++)
        if (sockets[i] != sender)
            write_line(sockets[i], line, len);
    pthread_mutex_unlock(&mtx);
}

static void *talk(void *arg)
{
    int fd = *(int *)arg;
    FILE *in = fdopen(dup(fd), "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while (in != NULL && (len = getline(&line, &size, in)) > 0)
        if (line[len - 1] == '\n') {
            fprintf(stderr, "%d says %zd bytes\n", fd, len);
            relay(fd, line, len);
        }
    free(line);
    if (in != NULL)
        fclose(in);
    leave_chat(fd);
    return NULL;
}

static void on_signal(int sig)
{
    (void)sig;
    _exit(EXIT_SUCCESS);
}

static int get_port(int argc, char **argv)
{
    char *end;
    long port;

    if (argc == 1)
        return 9034;
    port = strtol(argv[1], &end, 10);
    if (argc > 2 || *end != '\0' || strspn(argv[1], "0123456789") == 0 || port > 65535) {
        fprintf(stderr, "Usage: %s [port]\n", argv[0]);
        exit(2);
    }
    return port;
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(get_port(argc, argv))};
    socklen_t len = sizeof addr;
    int yes = 1, server = socket(AF_INET, SOCK_STREAM, 0);

    if (server < 0)
        fatal("socket");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server, (struct sockaddr *)&addr, len) < 0)
        fatal("bind");
    if (listen(server, 50) < 0)
        fatal("listen");
    getsockname(server, (struct sockaddr *)&addr, &len);
    printf("Listening on port: [%d] ...\n", ntohs(addr.sin_port));
    fflush(stdout);

    for (;;) {
        pthread_t thread;
        int fd = accept(server, NULL, NULL);

        if (fd < 0 || !join_chat(fd)) {
            if (fd >= 0)
                close(fd);
            usleep(10000);
            continue;
        }
        if (pthread_create(&thread, NULL, talk, &fd) != 0)
            leave_chat(fd);
        else
            pthread_join(thread, NULL); /* fd must live as long as the thread uses it */
    }
}
