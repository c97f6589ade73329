/* A chat server with two threads for each client: one reads, one empties the mailbox. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_PORT 9034
#define MAX_LINE (1024u * 1024)
#define MAILBOX (8u * 1024 * 1024)

struct user {
    struct user *next;
    int fd;
    unsigned id;
    pthread_t writer;
    pthread_cond_t mail;      /* something in the mailbox, or the end */
    pthread_cond_t written;   /* the writer has ended */
    char *mailbox;
    size_t filled, room;
    bool ending;              /* nothing more will be put into the mailbox */
    bool broken;              /* nothing more can be sent */
    bool writer_ended;
};

/* Guards the list and the fields of all users. Nobody sends or receives while holding it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t one_less = PTHREAD_COND_INITIALIZER;
static struct user *users;
static unsigned alive, last_id;
static atomic_bool stopping;

static struct timespec in_one_second(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += 1;
    return time;
}

/* With the lock held. */
static void break_off(struct user *user)
{
    user->broken = true;
    user->filled = 0;
    shutdown(user->fd, SHUT_RDWR);
    pthread_cond_signal(&user->mail);
}

/* With the lock held. */
static void put(struct user *user, const char *line, size_t length)
{
    if (user->broken)
        return;
    if (user->filled + length > MAILBOX) {
        printf("user %u is too slow and is disconnected\n", user->id);
        break_off(user);
        return;
    }
    while (user->filled + length > user->room) {
        size_t room = user->room ? 2 * user->room : 1024;
        char *mailbox = realloc(user->mailbox, room);
        if (!mailbox) {
            break_off(user);
            return;
        }
        user->mailbox = mailbox;
        user->room = room;
    }
    memcpy(user->mailbox + user->filled, line, length);
    user->filled += length;
    pthread_cond_signal(&user->mail);
}

static void broadcast(const struct user *speaker, const char *line, size_t length)
{
    pthread_mutex_lock(&mutex);
    for (struct user *user = users; user; user = user->next)
        if (user != speaker)
            put(user, line, length);
    pthread_mutex_unlock(&mutex);
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        }
    }
    return true;
}

static void *write_to_user(void *argument)
{
    struct user *user = argument;

    pthread_mutex_lock(&mutex);
    while (!user->broken) {
        if (user->filled == 0) {
            if (user->ending)
                break;
            pthread_cond_wait(&user->mail, &mutex);
            continue;
        }
        char *taken = user->mailbox; /* the whole mailbox; the next line gets a new one */
        size_t length = user->filled;
        user->mailbox = NULL;
        user->filled = user->room = 0;
        pthread_mutex_unlock(&mutex);
        bool sent = send_all(user->fd, taken, length);
        free(taken);
        pthread_mutex_lock(&mutex);
        if (!sent)
            break_off(user);
    }
    user->writer_ended = true;
    pthread_cond_signal(&user->written);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* Passes on line by line until the user ends, or a line has no end. */
static void read_from_user(struct user *user)
{
    char *line = malloc(MAX_LINE + 2);
    size_t length = 0;
    ssize_t n = -1;

    while (line && length <= MAX_LINE) {
        n = recv(user->fd, line + length, MAX_LINE + 1 - length, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        char *rest = line, *search = line + length, *end = line + length + n, *newline;
        while ((newline = memchr(search, '\n', (size_t)(end - search)))) {
            broadcast(user, rest, (size_t)(newline + 1 - rest));
            rest = search = newline + 1;
        }
        length = (size_t)(end - rest);
        memmove(line, rest, length);
    }
    if (length > MAX_LINE)
        printf("user %u: line too long, disconnected\n", user->id);
    if (n == 0 && length > 0) {
        line[length++] = '\n';
        broadcast(user, line, length);
    }
    free(line);
}

static void forget(struct user *user)
{
    struct user **link = &users;
    while (*link != user)
        link = &(*link)->next;
    *link = user->next;
}

static void *serve_user(void *argument)
{
    struct user *user = argument;
    struct timespec deadline;
    bool has_writer = pthread_create(&user->writer, NULL, write_to_user, user) == 0;

    if (has_writer)
        read_from_user(user);
    else
        printf("no thread for user %u\n", user->id);

    pthread_mutex_lock(&mutex);
    forget(user);
    user->ending = true;
    pthread_cond_signal(&user->mail);
    deadline = in_one_second();
    while (has_writer && !user->writer_ended)
        if (pthread_cond_timedwait(&user->written, &mutex, &deadline) != 0)
            break;
    shutdown(user->fd, SHUT_RDWR); /* wakes a writer that is still in send */
    pthread_mutex_unlock(&mutex);
    if (has_writer)
        pthread_join(user->writer, NULL);
    printf("user %u has left\n", user->id);
    close(user->fd);
    free(user->mailbox);
    pthread_cond_destroy(&user->mail);
    pthread_cond_destroy(&user->written);
    free(user);

    pthread_mutex_lock(&mutex);
    alive--;
    pthread_cond_signal(&one_less);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static bool admit(int fd)
{
    struct user *user = calloc(1, sizeof *user);
    pthread_t reader;

    if (!user)
        return false;
    user->fd = fd;
    pthread_cond_init(&user->mail, NULL);
    pthread_cond_init(&user->written, NULL);
    pthread_mutex_lock(&mutex);
    user->id = ++last_id;
    user->next = users;
    if (pthread_create(&reader, NULL, serve_user, user) != 0) {
        pthread_mutex_unlock(&mutex);
        free(user);
        return false;
    }
    pthread_detach(reader);
    users = user;
    alive++;
    printf("user %u has joined\n", user->id);
    pthread_mutex_unlock(&mutex);
    return true;
}

static void *accept_clients(void *argument)
{
    const int listener = *(const int *)argument;
    const struct timespec rest = {0, 50 * 1000 * 1000};

    while (!stopping) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && !admit(fd)) {
            printf("cannot serve a new user\n");
            close(fd);
        } else if (fd < 0 && errno != EINTR && errno != ECONNABORTED && !stopping) {
            printf("cannot accept: %s\n", strerror(errno));
            nanosleep(&rest, NULL);
        }
    }
    return NULL;
}

static void hang_up_on_everybody(void)
{
    struct timespec deadline = in_one_second();

    pthread_mutex_lock(&mutex);
    for (struct user *user = users; user; user = user->next)
        break_off(user);
    while (alive > 0)
        if (pthread_cond_timedwait(&one_less, &mutex, &deadline) != 0)
            break;
    pthread_mutex_unlock(&mutex);
}

/* -1 if the text is no port. */
static int parse_port(const char *text)
{
    long port = 0;

    if (*text == '\0')
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        port = 10 * port + (*text - '0');
        if (port > 65535)
            return -1;
    }
    return (int)port;
}

/* IPv6 and IPv4 in one socket, or IPv4 alone where the host has no IPv6. */
static int listen_on(int port)
{
    const int on = 1, off = 0;
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr *address = (struct sockaddr *)&any6;
    socklen_t size = sizeof any6;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd >= 0) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    } else {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        address = (struct sockaddr *)&any4;
        size = sizeof any4;
    }
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, size) < 0 || listen(fd, SOMAXCONN) < 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return -1;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? parse_port(argv[1]) : DEFAULT_PORT;
    sigset_t ends;
    pthread_t acceptor;
    int caught;

    if (argc > 2 || port < 0) {
        fprintf(stderr, "usage: %s [port]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* main alone takes them, with sigwait */

    int listener = listen_on(port);
    if (listener < 0) {
        fprintf(stderr, "%s: cannot listen on port %d: %s\n", argv[0], port, strerror(errno));
        return 1;
    }
    if (pthread_create(&acceptor, NULL, accept_clients, &listener) != 0) {
        fprintf(stderr, "%s: cannot start a thread\n", argv[0]);
        return 1;
    }
    printf("Listening on port: [%d] ...\n", port_of(listener));

    sigwait(&ends, &caught);
    stopping = true;
    shutdown(listener, SHUT_RDWR); /* wakes accept */
    pthread_join(acceptor, NULL);
    close(listener);
    hang_up_on_everybody();
    return 0;
}
