/* The loop: who comes, what is said, the beat, and who goes. */
#define _GNU_SOURCE
#include "inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void watch(struct proactor *p, struct guest *g)
{
    uint32_t wanted = (g->leaving ? 0 : EPOLLIN) | (g->stuck ? EPOLLOUT : 0);
    if (wanted == g->watched)
        return;
    struct epoll_event e = {.events = wanted, .data.ptr = g};
    if (epoll_ctl(p->epoll, EPOLL_CTL_MOD, g->fd, &e) == 0)
        g->watched = wanted;
}

static void drop(struct guest *g, const char *why)
{
    if (g->gone)
        return;
    g->gone = true;
    if (!g->leaving)
        journal(g->id, why, NULL, 0);
}

static void push(struct proactor *p, struct guest *g)
{
    if (g->gone)
        return;
    if (!guest_push(g))
        drop(g, "left, its connection is broken");
    else
        watch(p, g);
}

static void need_beat(struct proactor *p)
{
    if (p->beat_at == 0)
        p->beat_at = clock_ms() + BEAT_MS;
}

static void say(struct proactor *p, struct guest *from, const char *line, size_t n)
{
    char prefix[80];
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    int length = snprintf(prefix, sizeof prefix, "%02d:%02d:%02d \xe2\x80\xb9guest %lu\xe2\x80\xba \xe2\x96\xb8 ",
                          tm.tm_hour, tm.tm_min, tm.tm_sec, from->id);
    journal(from->id, "said", line, n - 1);
    unsigned audience = 0;
    for (struct guest *g = p->guests.next; g != &p->guests; g = g->next) {
        if (g == from || g->leaving || g->gone)
            continue;
        audience++;
        /* Both or nothing: a prefix without its line must not stay. */
        if (bytes_count(&g->outbox) + (size_t)length + n > LONGEST_OUTBOX)
            push(p, g);
        if (g->gone)
            continue;
        if (!guest_give(g, prefix, (size_t)length) || !guest_give(g, line, n))
            drop(g, "does not read, is disconnected");
        else if (!g->stuck && bytes_count(&g->outbox) >= AT_ONCE)
            push(p, g);
    }
    from->lines_heard++;
    from->audience = audience;
    need_beat(p);
}

static void hear(struct proactor *p, struct guest *g, const char *at, size_t n)
{
    while (n > 0 && !g->gone) {
        const char *nl = memchr(at, '\n', n);
        size_t piece = nl ? (size_t)(nl - at) + 1 : n;
        if (bytes_count(&g->line) + piece - (nl != NULL) > LONGEST_LINE) {
            drop(g, "talks without an end, is disconnected");
            return;
        }
        if (nl && bytes_count(&g->line) == 0) {
            say(p, g, at, piece);
        } else {
            if (!bytes_add(&g->line, at, piece)) {
                drop(g, "left, there is no memory");
                return;
            }
            if (nl) {
                say(p, g, g->line.at + g->line.from, bytes_count(&g->line));
                bytes_free(&g->line);
            }
        }
        at += piece;
        n -= piece;
    }
}

static void input_ended(struct proactor *p, struct guest *g)
{
    if (bytes_count(&g->line) > 0)
        hear(p, g, "\n", 1);
    if (g->gone)
        return;
    static const char goodbye[] = "* goodbye\n";
    guest_give(g, goodbye, sizeof goodbye - 1);
    journal(g->id, "left", NULL, 0);
    g->leaving = true;
    g->goodbye_at = clock_ms() + GOODBYE_MS;
    push(p, g);
}

static void listen_to(struct proactor *p, struct guest *g)
{
    ssize_t n = recv(g->fd, p->chunk, CHUNK, MSG_DONTWAIT);
    if (n > 0)
        hear(p, g, p->chunk, (size_t)n);
    else if (n == 0)
        input_ended(p, g);
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        drop(g, "left, its connection was reset");
}

static void doorman(struct proactor *p, bool awake)
{
    struct epoll_event e = {.events = awake ? EPOLLIN : 0, .data.ptr = &p->listener};
    epoll_ctl(p->epoll, EPOLL_CTL_MOD, p->listener, &e);
    p->rest_until = awake ? 0 : clock_ms() + REST_MS;
}

static void welcome(struct proactor *p)
{
    for (int i = 0; i < 128; i++) {
        int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (fd < 0 && errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
            continue;
        struct guest *g = fd < 0 ? NULL : calloc(1, sizeof *g);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = g};
        if (!g || epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &e) < 0) {
            free(g);
            if (fd >= 0)
                close(fd);
            doorman(p, false);
            return;
        }
        int yes = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        g->fd = fd;
        g->watched = EPOLLIN;
        g->id = ++p->last_id;
        g->next = &p->guests;
        g->prev = p->guests.prev;
        g->prev->next = g->next->prev = g;
        p->headcount++;
        journal(g->id, "joined", NULL, 0);
    }
}

static void acknowledge(struct guest *g)
{
    if (g->lines_heard == 0 || g->gone || g->leaving)
        return;
    if (bytes_count(&g->outbox) < AT_ONCE) { /* who does not read needs no receipts */
        char text[96];
        int n = snprintf(text, sizeof text, "* %lu of your lines went to %u others\n", g->lines_heard,
                         g->audience);
        guest_give(g, text, (size_t)n);
    }
    g->lines_heard = 0;
}

static void beat(struct proactor *p)
{
    p->beat_at = 0;
    for (struct guest *g = p->guests.next; g != &p->guests; g = g->next) {
        acknowledge(g);
        if (!g->stuck)
            push(p, g);
    }
}

static void part_with(struct proactor *p, struct guest *g)
{
    g->prev->next = g->next;
    g->next->prev = g->prev;
    p->headcount--;
    close(g->fd);
    bytes_free(&g->line);
    bytes_free(&g->outbox);
    free(g);
}

/* Does what it is time for, and tells for how long nothing else will be. */
static int tidy(struct proactor *p)
{
    int64_t now = clock_ms(), next = INT64_MAX;
    if (p->beat_at && p->beat_at <= now)
        beat(p);
    if (p->rest_until && p->rest_until <= now)
        doorman(p, true);
    for (struct guest *g = p->guests.next, *after; g != &p->guests; g = after) {
        after = g->next;
        if (g->gone || (g->leaving && g->goodbye_at <= now))
            part_with(p, g);
        else if (g->leaving && g->goodbye_at < next)
            next = g->goodbye_at;
    }
    if (p->beat_at && p->beat_at < next)
        next = p->beat_at;
    if (p->rest_until && p->rest_until < next)
        next = p->rest_until;
    if (next == INT64_MAX)
        return -1;
    return next > now ? (int)(next - now) : 0;
}

static bool told_to_stop(struct proactor *p)
{
    pthread_mutex_lock(&p->lock);
    bool stop = p->stop;
    pthread_mutex_unlock(&p->lock);
    return stop;
}

void room_serve(struct proactor *p)
{
    struct epoll_event events[32];
    while (!told_to_stop(p)) {
        int n = epoll_wait(p->epoll, events, 32, tidy(p));
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &p->bell)
                continue;
            if (events[i].data.ptr == &p->listener) {
                welcome(p);
                continue;
            }
            struct guest *g = events[i].data.ptr; /* nobody is freed before the next tidy() */
            if (events[i].events & EPOLLOUT)
                push(p, g);
            if (g->gone)
                continue;
            if (!g->leaving)
                listen_to(p, g);
            else if (events[i].events & (EPOLLERR | EPOLLHUP))
                g->gone = true;
        }
    }
}

void room_clear(struct proactor *p)
{
    while (p->guests.next != &p->guests)
        part_with(p, p->guests.next);
}
