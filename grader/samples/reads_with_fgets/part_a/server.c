/* Chat server. stdio finds the lines: fgets() for what comes in; what goes out waits in each client's queue. */
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

#define LINE 4096
#define QUEUE (4 << 20)

struct client {
    int fd, id, gone;
    FILE *in;
    char *queue;
    size_t used;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct client *next;
};

static struct client *everybody;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

/* the queue is allocated at once, but costs nothing before it is used */
static void put(struct client *c, const char *text, size_t n)
{
    pthread_mutex_lock(&c->lock);
    if (!c->gone && c->used + n > QUEUE) {
        fprintf(stderr, "client %d does not read: out\n", c->id);
        c->gone = 1;
        shutdown(c->fd, SHUT_RDWR);
    } else if (!c->gone) {
        memcpy(c->queue + c->used, text, n);
        c->used += n;
    }
    pthread_cond_signal(&c->more);
    pthread_mutex_unlock(&c->lock);
}

static void tell_others(struct client *me, const char *text)
{
    pthread_mutex_lock(&list_lock);
    for (struct client *c = everybody; c; c = c->next)
        if (c != me)
            put(c, text, strlen(text));
    pthread_mutex_unlock(&list_lock);
}

/* sends a part of the queue; 0 when the client has gone */
static int send_some(struct client *c, char *copy, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = send(c->fd, copy + done, n - done, MSG_NOSIGNAL);
        if (k > 0) {
            done += k;
        } else if (errno == EAGAIN || errno == EINTR) { /* once a second: is he still wanted? */
            pthread_mutex_lock(&c->lock);
            int gone = c->gone;
            pthread_mutex_unlock(&c->lock);
            if (gone)
                return 0;
        } else {
            return 0;
        }
    }
    return 1;
}

static void *writer(void *arg)
{
    struct client *c = arg;
    char copy[16384];
    int ok = 1;

    while (ok) {
        pthread_mutex_lock(&c->lock);
        while (c->used == 0 && !c->gone)
            pthread_cond_wait(&c->more, &c->lock);
        size_t n = c->used < sizeof copy ? c->used : sizeof copy;
        memcpy(copy, c->queue, n);
        memmove(c->queue, c->queue + n, c->used - n);
        c->used -= n;
        pthread_mutex_unlock(&c->lock);
        ok = n > 0 && send_some(c, copy, n);
    }
    shutdown(c->fd, SHUT_RDWR);
    return NULL;
}

static void discard(struct client *c)
{
    if (c->in)
        fclose(c->in);
    else
        close(c->fd);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->more);
    free(c->queue);
    free(c);
}

static void leave(struct client *me)
{
    pthread_mutex_lock(&list_lock);
    for (struct client **p = &everybody; *p; p = &(*p)->next)
        if (*p == me) {
            *p = me->next;
            break;
        }
    pthread_mutex_unlock(&list_lock);
    pthread_mutex_lock(&me->lock);
    me->gone = 1;
    pthread_cond_signal(&me->more);
    pthread_mutex_unlock(&me->lock);
}

static void *reader(void *arg)
{
    struct client *me = arg;
    pthread_t other;
    char line[LINE];

    if (pthread_create(&other, NULL, writer, me) != 0) {
        fprintf(stderr, "no thread for client %d\n", me->id);
        leave(me);
        discard(me);
        return NULL;
    }
    while (fgets(line, LINE - 1, me->in)) {
        if (line[0] && line[strlen(line) - 1] != '\n')
            strcat(line, "\n");
        tell_others(me, line);
    }
    fprintf(stderr, "client %d left\n", me->id);
    leave(me);
    pthread_join(other, NULL);
    discard(me);
    return NULL;
}

static void admit(int fd, int id)
{
    struct timeval second = {1, 0};
    struct client *c = calloc(1, sizeof *c);
    pthread_t t;

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    c->fd = fd;
    c->id = id;
    c->in = fdopen(fd, "r");
    c->queue = malloc(QUEUE);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->more, NULL);
    pthread_mutex_lock(&list_lock);
    c->next = everybody;
    everybody = c;
    pthread_mutex_unlock(&list_lock);
    if (pthread_create(&t, NULL, reader, c) == 0) {
        pthread_detach(t);
        return;
    }
    fprintf(stderr, "no thread for client %d\n", id);
    leave(c);
    discard(c);
}

static void quit(int sig)
{
    (void)sig;
    _exit(0);
}

int main(int argc, char **argv)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    socklen_t len = sizeof a;
    int yes = 1, no = 0, s;
    char *end = "";
    long port = argc > 1 ? strtol(argv[1], &end, 10) : 9034;

    if (argc > 2 || *end || port < 0 || port > 65535 || (argc > 1 && strspn(argv[1], "0123456789") == 0)) {
        fprintf(stderr, "usage: %s [port]\n", argv[0]);
        return 2;
    }
    signal(SIGINT, quit);
    signal(SIGTERM, quit);
    s = socket(AF_INET6, SOCK_STREAM, 0);
    a.sin6_port = htons(port);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (bind(s, (struct sockaddr *)&a, len) < 0 || listen(s, SOMAXCONN) < 0) {
        perror("server");
        return 1;
    }
    getsockname(s, (struct sockaddr *)&a, &len);
    printf("Listening on port: [%d] ...\n", ntohs(a.sin6_port));
    fflush(stdout);
    for (int id = 1;;) {
        int fd = accept(s, NULL, NULL);
        if (fd >= 0)
            admit(fd, id++);
        else if (errno != EINTR && errno != ECONNABORTED)
            usleep(100000);
    }
}
