/* server.c - multithreaded chat server: one pthread per client (after Beej's guide, without the select) */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PORT 9034
#define MAXLINE (1024 * 1024)

struct client {
    int fd;
    int id;
};

/* everybody who is in the chat; the lock is for all three */
static struct client *clients;
static int nclients, capacity;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int sendall(int fd, const char *buf, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return -1;
        buf += n;
        len -= n;
    }
    return 0;
}

/* to everybody but the sender; whoever can't be reached is hung up, his own thread then removes him */
static void broadcast(int sender, const char *buf, size_t len)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < nclients; i++)
        if (clients[i].fd != sender && sendall(clients[i].fd, buf, len) == -1) {
            printf("client %d does not read, hanging up\n", clients[i].id);
            shutdown(clients[i].fd, SHUT_RDWR);
        }
    pthread_mutex_unlock(&lock);
}

static int add_client(struct client c)
{
    int ok = 1;
    pthread_mutex_lock(&lock);
    if (nclients == capacity) {
        int bigger = capacity ? 2 * capacity : 16;
        struct client *p = realloc(clients, bigger * sizeof *p);
        if (p != NULL) {
            clients = p;
            capacity = bigger;
        }
    }
    if (nclients < capacity)
        clients[nclients++] = c;
    else
        ok = 0;
    pthread_mutex_unlock(&lock);
    return ok;
}

static void remove_client(int fd)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < nclients; i++)
        if (clients[i].fd == fd) {
            clients[i] = clients[--nclients];
            break;
        }
    pthread_mutex_unlock(&lock);
    close(fd);
}

/* thread: reads one client until he leaves and passes his lines on */
static void *serve(void *arg)
{
    struct client me = *(struct client *)arg;
    char *buf = NULL;
    size_t len = 0, size = 0;
    free(arg);

    for (;;) {
        if (size - len < 4096) {
            char *p = realloc(buf, size + len + 8192);
            if (p == NULL)
                break;
            buf = p;
            size += len + 8192;
        }
        ssize_t n = recv(me.fd, buf + len, size - len - 1, 0);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        char *nl = memrchr(buf + len, '\n', n); /* the last line that is complete */
        len += n;
        if (nl != NULL) {
            size_t lines = nl + 1 - buf;
            printf("client %d: %zu bytes\n", me.id, lines);
            broadcast(me.fd, buf, lines);
            memmove(buf, nl + 1, len - lines);
            len -= lines;
        }
        if (len > MAXLINE) {
            printf("client %d: line too long, goodbye\n", me.id);
            len = 0;
            break;
        }
    }
    if (len > 0) { /* last line had no \n */
        buf[len++] = '\n';
        broadcast(me.fd, buf, len);
    }
    free(buf);
    printf("client %d left\n", me.id);
    remove_client(me.fd);
    return NULL;
}

static void start_client(int fd, int id, pthread_attr_t *attr)
{
    struct timeval patience = {2, 0};
    struct client *arg = malloc(sizeof *arg);
    pthread_t tid;

    if (arg == NULL) {
        close(fd);
        return;
    }
    arg->fd = fd;
    arg->id = id;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    printf("client %d joined\n", id);
    if (!add_client(*arg)) {
        close(fd);
        free(arg);
    } else if (pthread_create(&tid, attr, serve, arg) != 0) {
        printf("no thread for client %d\n", id);
        remove_client(fd);
        free(arg);
    }
}

/* all addresses, IPv4 and IPv6; IPv4 only if the machine has no IPv6 */
static int listen_on(int port)
{
    int yes = 1, no = 0, rv;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd != -1) {
        struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT, .sin6_port = htons(port)};
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
        rv = bind(fd, (struct sockaddr *)&a, sizeof a);
        if (rv == -1 && errno == EADDRNOTAVAIL) {
            close(fd);
            fd = -1;
        }
    }
    if (fd == -1) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
        fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        rv = bind(fd, (struct sockaddr *)&a, sizeof a);
    }
    if (rv == -1 || listen(fd, SOMAXCONN) == -1) {
        perror("server: bind");
        exit(1);
    }
    return fd;
}

static int real_port(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    getsockname(fd, (struct sockaddr *)&a, &len);
    if (a.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
    return ntohs(((struct sockaddr_in *)&a)->sin_port);
}

static int parse_port(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > 5 || strspn(s, "0123456789") != n || atoi(s) > 65535)
        return -1;
    return atoi(s);
}

static void on_signal(int sig)
{
    (void)sig;
    _exit(0);
}

int main(int argc, char *argv[])
{
    int port = argc > 1 ? parse_port(argv[1]) : PORT;
    if (argc > 2 || port == -1) {
        fprintf(stderr, "usage: server [port]\n");
        return 2;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    setvbuf(stdout, NULL, _IOLBF, 0);

    int listener = listen_on(port);
    printf("Listening on port: [%d] ...\n", real_port(listener));

    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 256 * 1024);

    for (int id = 1;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd != -1)
            start_client(fd, id++, &attr);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            perror("server: accept");
            usleep(100 * 1000); /* until somebody leaves */
        }
    }
}
