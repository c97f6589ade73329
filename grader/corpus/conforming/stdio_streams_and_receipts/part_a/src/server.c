// A chat server of streams: each connection is a FILE to read from and another one to write to.
//
// The writer of a client owns it: it starts the reader, joins it, and throws everything away.
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

enum { LONGEST_LINE = 1 << 20, LARGEST_MAILBOX = 8 << 20, RECEIPTS_UP_TO = 64 << 10 };

struct letter {
    struct letter *next;
    size_t size;
    char text[];
};

struct guest {
    struct guest *next, *before;
    int fd;
    FILE *in, *out;
    char name[80];

    pthread_mutex_t mutex; // the rest
    pthread_cond_t news;
    struct letter *first, **last;
    size_t waiting; // bytes
    bool going, overflown, written;
};

static pthread_mutex_t house = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t empty_house = PTHREAD_COND_INITIALIZER;
static struct guest *guests; // who hears what is said
static unsigned threads;     // writers that are still there
static bool closed;

static atomic_bool stopping;

static void report(const char *who, const char *what)
{
    char clock[32];
    struct tm local;
    time_t t = time(NULL);
    strftime(clock, sizeof clock, "%Y-%m-%dT%H:%M:%S", localtime_r(&t, &local));
    fprintf(stderr, "%s\t%s\t%s\n", clock, who, what);
}

static void drop_all(struct letter *l)
{
    while (l) {
        struct letter *next = l->next;
        free(l);
        l = next;
    }
}

// Puts head and body into the mailbox, as one piece. A receipt is left out where much is waiting.
static void post(struct guest *g, const char *head, size_t head_size, const char *body, size_t size, bool receipt)
{
    pthread_mutex_lock(&g->mutex);
    size_t whole = head_size + size;
    if (g->going || g->overflown || (receipt && g->waiting > RECEIPTS_UP_TO)) {
        pthread_mutex_unlock(&g->mutex);
        return;
    }
    struct letter *l = g->waiting + whole > LARGEST_MAILBOX ? NULL : malloc(sizeof *l + whole);
    if (l) {
        l->next = NULL;
        l->size = whole;
        memcpy(l->text, head, head_size);
        memcpy(l->text + head_size, body, size);
        *g->last = l;
        g->last = &l->next;
        g->waiting += whole;
    } else {
        g->overflown = true;
        shutdown(g->fd, SHUT_RDWR);
    }
    pthread_cond_broadcast(&g->news);
    pthread_mutex_unlock(&g->mutex);
}

static void say(struct guest *speaker, const char *line, size_t size)
{
    char head[128], receipt[64];
    int head_size = snprintf(head, sizeof head, "\033[36m<%s>\033[0m ", speaker->name);
    unsigned others = 0;

    pthread_mutex_lock(&house);
    for (struct guest *g = guests; g; g = g->next)
        if (g != speaker) {
            post(g, head, (size_t)head_size, line, size, false);
            others++;
        }
    int n = snprintf(receipt, sizeof receipt, "* passed on to %u\n", others);
    post(speaker, receipt, (size_t)n, "", 0, true);
    pthread_mutex_unlock(&house);
}

// One line with its newline, or what stands before the end of file; 0 at the end, -1 if it is too long.
static long next_line(struct guest *g, char **line, size_t *room)
{
    size_t size = 0;
    for (;;) {
        int c = getc_unlocked(g->in);
        if (c == EOF && ferror_unlocked(g->in))
            return 0; // a reset: what was begun is dropped
        if (c == EOF && size == 0)
            return 0;
        if (c == EOF)
            c = '\n';
        if (size == *room) {
            size_t more = *room ? 2 * *room : 512;
            char *moved = realloc(*line, more);
            if (!moved)
                return -1;
            *line = moved;
            *room = more;
        }
        (*line)[size++] = (char)c;
        if (c == '\n')
            return (long)size;
        if (size > LONGEST_LINE)
            return -1;
    }
}

static void *read_from(void *arg)
{
    struct guest *g = arg;
    char *line = NULL;
    size_t room = 0;
    long size;

    while ((size = next_line(g, &line, &room)) > 0)
        say(g, line, (size_t)size);
    free(line);
    if (size < 0)
        report(g->name, "its line is too long, hung up");

    pthread_mutex_lock(&house);
    *(g->before ? &g->before->next : &guests) = g->next;
    if (g->next)
        g->next->before = g->before;
    pthread_mutex_unlock(&house);

    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 1;
    pthread_mutex_lock(&g->mutex);
    g->going = true;
    pthread_cond_broadcast(&g->news);
    int late = 0;
    while (!g->written && !late)
        late = pthread_cond_timedwait(&g->news, &g->mutex, &end);
    pthread_mutex_unlock(&g->mutex);
    shutdown(g->fd, SHUT_RDWR);
    return NULL;
}

static void write_to(struct guest *g)
{
    bool fine = true;

    pthread_mutex_lock(&g->mutex);
    while (fine && !g->overflown) {
        struct letter *letters = g->first;
        if (!letters && g->going)
            break;
        if (!letters) {
            pthread_cond_wait(&g->news, &g->mutex);
            continue;
        }
        g->first = NULL;
        g->last = &g->first;
        pthread_mutex_unlock(&g->mutex);
        size_t sent = 0;
        for (struct letter *l = letters; l && fine; l = l->next) {
            fine = fwrite(l->text, 1, l->size, g->out) == l->size;
            sent += l->size;
        }
        fine = fine && fflush(g->out) == 0;
        drop_all(letters);
        pthread_mutex_lock(&g->mutex);
        g->waiting -= fine ? sent : 0;
    }
    g->going = g->written = true;
    bool overflown = g->overflown;
    pthread_cond_broadcast(&g->news);
    pthread_mutex_unlock(&g->mutex);
    if (overflown)
        report(g->name, "does not read, hung up");
    shutdown(g->fd, SHUT_RDWR);
}

static void throw_away(struct guest *g)
{
    if (g->out)
        fclose(g->out);
    if (g->in)
        fclose(g->in);
    else
        close(g->fd);
    drop_all(g->first);
    pthread_cond_destroy(&g->news);
    pthread_mutex_destroy(&g->mutex);
    free(g);
}

static void one_less(void)
{
    pthread_mutex_lock(&house);
    threads--;
    pthread_cond_signal(&empty_house);
    pthread_mutex_unlock(&house);
}

static void *serve(void *arg)
{
    struct guest *g = arg;
    pthread_t reader;

    // in the room before its reader starts
    pthread_mutex_lock(&house);
    g->next = guests;
    if (guests)
        guests->before = g;
    guests = g;
    if (closed)
        shutdown(g->fd, SHUT_RDWR);
    pthread_mutex_unlock(&house);

    if (pthread_create(&reader, NULL, read_from, g) != 0) {
        report(g->name, "no thread for it, hung up");
        pthread_mutex_lock(&house);
        *(g->before ? &g->before->next : &guests) = g->next;
        if (g->next)
            g->next->before = g->before;
        pthread_mutex_unlock(&house);
    } else {
        report(g->name, "joined");
        write_to(g);
        pthread_join(reader, NULL);
        report(g->name, "left");
    }
    throw_away(g);
    one_less();
    return NULL;
}

static void admit(int fd, const struct sockaddr_in6 *from)
{
    struct guest *g = calloc(1, sizeof *g);
    if (!g) {
        close(fd);
        return;
    }
    g->fd = fd;
    g->last = &g->first;
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->news, NULL);

    char address[INET6_ADDRSTRLEN] = "?";
    if (from->sin6_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, address, sizeof address);
    else if (IN6_IS_ADDR_V4MAPPED(&from->sin6_addr))
        inet_ntop(AF_INET, from->sin6_addr.s6_addr + 12, address, sizeof address);
    else
        inet_ntop(AF_INET6, &from->sin6_addr, address, sizeof address);
    snprintf(g->name, sizeof g->name, "%s:%d", address, ntohs(from->sin6_port));

    int second = dup(fd);
    g->in = fdopen(fd, "r");
    g->out = second < 0 ? NULL : fdopen(second, "w");
    if (!g->out && second >= 0)
        close(second);
    if (!g->in || !g->out) {
        report(g->name, "no stream for it, hung up");
        throw_away(g);
        return;
    }

    pthread_mutex_lock(&house);
    threads++;
    pthread_mutex_unlock(&house);
    pthread_t writer;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    int error = pthread_create(&writer, &detached, serve, g);
    pthread_attr_destroy(&detached);
    if (error) {
        report(g->name, "no thread for it, hung up");
        throw_away(g);
        one_less();
    }
}

static void *let_them_in(void *arg)
{
    int listener = *(int *)arg;
    const struct timespec nap = {0, 150000000};

    while (!stopping) {
        struct sockaddr_in6 from;
        socklen_t size = sizeof from;
        memset(&from, 0, sizeof from);
        int fd = accept(listener, (struct sockaddr *)&from, &size);
        if (fd >= 0) {
            admit(fd, &from);
        } else if (!stopping && errno != EINTR && errno != ECONNABORTED) {
            report("accept", strerror(errno));
            nanosleep(&nap, NULL);
        }
    }
    return NULL;
}

static int open_port(unsigned port)
{
    int yes = 1, no = 0, error;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    bool has_six = true;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd < 0) {
        has_six = false;
        fd = socket(AF_INET, SOCK_STREAM, 0);
    }
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (has_six)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (bind(fd, has_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, has_six ? sizeof six : sizeof four) == 0 &&
        listen(fd, 1024) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

int main(int argc, char *argv[])
{
    unsigned port = argc > 1 ? 0 : 9034;
    const char *digit = argc > 1 ? argv[1] : "0";

    do {
        if (*digit < '0' || *digit > '9')
            port = 65536;
        else if (argc > 1)
            port = 10 * port + (unsigned)(*digit - '0');
    } while (*digit != '\0' && *++digit != '\0' && port < 65536);
    if (argc > 2 || port > 65535) {
        fputs("usage: server [port]   (0 to 65535)\n", stderr);
        return 2;
    }

    sigset_t all, end;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    signal(SIGPIPE, SIG_IGN);

    int listener = open_port(port);
    if (listener < 0) {
        fprintf(stderr, "server: no way to listen on %u: %m\n", port);
        return 1;
    }
    struct sockaddr_in6 here;
    socklen_t size = sizeof here;
    getsockname(listener, (struct sockaddr *)&here, &size);

    pthread_t doorman;
    if (pthread_create(&doorman, NULL, let_them_in, &listener) != 0) {
        fputs("server: no thread to accept with\n", stderr);
        return 1;
    }
    printf("%s\n  Chat, with receipts\n%s\n\n", "=====================", "=====================");
    printf("Listening on port: [%d], on all addresses; process %d, stop me with Ctrl-C\n", ntohs(here.sin6_port), (int)getpid());
    fflush(stdout);

    sigemptyset(&end);
    sigaddset(&end, SIGINT);
    sigaddset(&end, SIGTERM);
    while (sigwaitinfo(&end, NULL) < 0)
        ; // a stop and a continue interrupt it
    stopping = true;
    shutdown(listener, SHUT_RDWR);
    pthread_join(doorman, NULL);
    close(listener);

    struct timespec late;
    clock_gettime(CLOCK_REALTIME, &late);
    late.tv_sec += 1;
    pthread_mutex_lock(&house);
    closed = true;
    for (struct guest *g = guests; g; g = g->next)
        shutdown(g->fd, SHUT_RDWR);
    while (threads > 0 && pthread_cond_timedwait(&empty_house, &house, &late) == 0)
        ;
    pthread_mutex_unlock(&house);
    report("server", "ended");
    return 0;
}
