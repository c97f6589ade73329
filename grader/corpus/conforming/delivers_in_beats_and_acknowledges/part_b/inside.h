/* What the files of the library know of each other. */
#ifndef INSIDE_H
#define INSIDE_H

#include "proactor.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BEAT_MS = 50,             /* small talk is collected for so long */
    GOODBYE_MS = 1000,        /* from the end of a guest's input to the end of the visit */
    REST_MS = 150,            /* no accept for a while when something is short */
    AT_ONCE = 32 * 1024,      /* so much does not wait for the beat */
    LONGEST_LINE = 1 << 20,
    LONGEST_OUTBOX = 6 << 20,
    CHUNK = 48 * 1024
};

/* bytes.c */
struct bytes {
    char *at;
    size_t from, to, size;
};
static inline size_t bytes_count(const struct bytes *b) { return b->to - b->from; }
bool bytes_add(struct bytes *b, const void *more, size_t n);
void bytes_take(struct bytes *b, size_t n);
void bytes_free(struct bytes *b);

/* journal.c */
void journal(unsigned long who, const char *what, const char *text, size_t n);

/* guest.c */
struct guest {
    struct guest *prev, *next;
    int fd;
    unsigned long id;
    struct bytes line, outbox;
    unsigned long lines_heard; /* not acknowledged yet */
    unsigned audience;
    bool stuck;                /* the socket is full, epoll will tell */
    bool leaving, gone;
    int64_t goodbye_at;
    uint32_t watched;
};
bool guest_push(struct guest *g);                              /* sends what it can; false: broken */
bool guest_give(struct guest *g, const void *bytes, size_t n); /* queues; false: too much */

/* room.c */
struct proactor {
    int listener, epoll, bell, port;
    pthread_mutex_t lock; /* guards stop and serving; the rest belongs to the thread */
    pthread_cond_t idle;
    bool stop, serving;

    struct guest guests; /* the head of a ring */
    unsigned long last_id;
    unsigned headcount;
    int64_t beat_at, rest_until; /* 0: none */
    char chunk[CHUNK];
};
void room_serve(struct proactor *p);
void room_clear(struct proactor *p);

#endif
