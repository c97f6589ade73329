#include "inside.h"

#include <errno.h>
#include <sys/socket.h>

bool guest_push(struct guest *g)
{
    g->stuck = false;
    while (bytes_count(&g->outbox) > 0) {
        ssize_t n = send(g->fd, g->outbox.at + g->outbox.from, bytes_count(&g->outbox),
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            bytes_take(&g->outbox, (size_t)n);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            g->stuck = true;
            break;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool guest_give(struct guest *g, const void *bytes, size_t n)
{
    if (bytes_count(&g->outbox) + n > LONGEST_OUTBOX && g->stuck)
        return false;
    return bytes_add(&g->outbox, bytes, n);
}
