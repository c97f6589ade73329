/* server.c: chat on port 9034, every client gets a thread */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PORT "9034" /* the port users will be connecting to */
#define BACKLOG 50

struct chatter {
    int sock;
    pthread_mutex_t writing;
    struct chatter *next;
};

static struct chatter *chatters;
static pthread_rwlock_t chatters_lock = PTHREAD_RWLOCK_INITIALIZER;

static void send_to(struct chatter *c, const char *s, size_t n)
{
    pthread_mutex_lock(&c->writing);
    while (n > 0) {
        ssize_t k = send(c->sock, s, n, MSG_NOSIGNAL);
        if (k == -1) {
            shutdown(c->sock, SHUT_RDWR);
            break;
        }
        s += k;
        n -= k;
    }
    pthread_mutex_unlock(&c->writing);
}

static void send_to_others(struct chatter *from, const char *s, size_t n)
{
    pthread_rwlock_rdlock(&chatters_lock);
    for (struct chatter *c = chatters; c; c = c->next)
        if (c != from)
            send_to(c, s, n);
    pthread_rwlock_unlock(&chatters_lock);
}

static void quit_chat(struct chatter *me)
{
    struct chatter **p = &chatters;

    pthread_rwlock_wrlock(&chatters_lock);
    while (*p != me)
        p = &(*p)->next;
    *p = me->next;
    pthread_rwlock_unlock(&chatters_lock);
    printf("socket %d hung up\n", me->sock);
    close(me->sock);
    pthread_mutex_destroy(&me->writing);
    free(me);
}

static void *chat(void *arg)
{
    struct chatter *me = arg;
    size_t len = 0, cap = 1024;
    char *buf = malloc(cap);
    ssize_t n;

    while (buf && (n = recv(me->sock, buf + len, cap - len, 0)) > 0) {
        char *line = buf, *nl;
        len += n;
        while ((nl = memchr(line, '\n', len))) {
            send_to_others(me, line, nl + 1 - line);
            len -= nl + 1 - line;
            line = nl + 1;
        }
        memmove(buf, line, len);
        if (len == cap) { /* a long line */
            char *bigger = cap < 1 << 20 ? realloc(buf, cap *= 2) : NULL;
            if (!bigger)
                break;
            buf = bigger;
        }
    }
    free(buf);
    quit_chat(me);
    return NULL;
}

static void let_in(int sock)
{
    struct timeval timeout = {2, 0};
    struct chatter *c = malloc(sizeof *c);
    pthread_t tid;

    if (!c) {
        close(sock);
        return;
    }
    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    c->sock = sock;
    pthread_mutex_init(&c->writing, NULL);
    pthread_rwlock_wrlock(&chatters_lock);
    c->next = chatters;
    chatters = c;
    pthread_rwlock_unlock(&chatters_lock);
    printf("socket %d connected\n", sock);
    if (pthread_create(&tid, NULL, chat, c) == 0)
        pthread_detach(tid);
    else
        quit_chat(c);
}

static void sigint_handler(int s)
{
    (void)s;
    _exit(0);
}

int main(void)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *info;
    struct sigaction sa = {.sa_handler = sigint_handler};
    int listener, rv, yes = 1;

    setlinebuf(stdout);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    if ((rv = getaddrinfo(NULL, PORT, &hints, &info)) != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(rv));
        return 1;
    }
    listener = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, info->ai_addr, info->ai_addrlen) == -1 || listen(listener, BACKLOG) == -1) {
        perror("server");
        return 1;
    }
    freeaddrinfo(info);
    printf("Listening on port: [" PORT "] ...\n");

    for (;;) {
        int sock = accept(listener, NULL, NULL);
        if (sock != -1)
            let_in(sock);
        else if (errno != EINTR && errno != ECONNABORTED)
            usleep(100000);
    }
}
