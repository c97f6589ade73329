/* One client: its socket, the line it has begun, and what is still to be sent to it. */
#include "conn.h"
#include "chatlog.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn *conn_new(int fd, unsigned long number)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->fd = fd;
    c->number = number;
    return c;
}

void conn_free(struct conn *c)
{
    close(c->fd);
    buffer_free(&c->in);
    buffer_free(&c->out);
    free(c);
}

/* Returns how many bytes the socket took. */
static size_t try_send(struct conn *c, const char *bytes, size_t n)
{
    size_t sent = 0;
    while (sent < n) {
        ssize_t r = send(c->fd, bytes + sent, n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (r >= 0)
            sent += (size_t)r;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR) {
            c->deaf = true;
            break;
        }
    }
    return sent;
}

void conn_send(struct conn *c, const char *bytes, size_t n)
{
    if (c->deaf || c->leaving || c->done)
        return;
    size_t sent = 0;
    if (c->out.len == 0)
        sent = try_send(c, bytes, n);
    if (c->deaf || sent == n)
        return;
    if (c->out.len + n - sent > MAX_QUEUE || !buffer_append(&c->out, bytes + sent, n - sent)) {
        chatlog_event(c->number, "reads too slowly, disconnected");
        c->done = true;
    }
}

void conn_flush(struct conn *c)
{
    size_t sent = try_send(c, c->out.data + c->out.start, c->out.len);
    buffer_drop(&c->out, sent);
    if (c->deaf)
        buffer_free(&c->out);
    if (c->leaving && c->out.len == 0)
        c->done = true;
}
