/* One client: its socket, the line it has begun, and what is still to be sent to it. */
#ifndef CONN_H
#define CONN_H

#include "buffer.h"

#include <stdbool.h>

#define MAX_LINE (1024 * 1024)
#define MAX_QUEUE (8 * 1024 * 1024)

struct conn {
    int fd;
    unsigned long number;
    struct buffer in;   /* a line without its end */
    struct buffer out;  /* what the socket did not take yet */
    bool deaf;          /* sending has failed, reading will soon find out why */
    bool leaving;       /* its input has ended: send what is queued, then close */
    bool done;          /* to be removed at the end of this round */
    long long deadline; /* when leaving: close at the latest, in ms */
};

struct conn *conn_new(int fd, unsigned long number); /* NULL: no memory */
void conn_free(struct conn *c);                      /* closes it, too */

/* Sends or queues n bytes. Never blocks. Marks a client that is too slow as done. */
void conn_send(struct conn *c, const char *bytes, size_t n);

/* Sends what is queued, as far as the socket takes it. */
void conn_flush(struct conn *c);

#endif
