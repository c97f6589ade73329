#include "inside.h"

#include <stdlib.h>
#include <string.h>

bool bytes_add(struct bytes *b, const void *more, size_t n)
{
    if (b->to + n > b->size && b->from > 0) {
        memmove(b->at, b->at + b->from, bytes_count(b));
        b->to -= b->from;
        b->from = 0;
    }
    if (b->to + n > b->size) {
        size_t size = b->size ? b->size : 512;
        while (size < b->to + n)
            size += size / 2;
        char *at = realloc(b->at, size);
        if (!at)
            return false;
        b->at = at;
        b->size = size;
    }
    if (n)
        memcpy(b->at + b->to, more, n);
    b->to += n;
    return true;
}

void bytes_take(struct bytes *b, size_t n)
{
    b->from += n;
    if (b->from == b->to)
        bytes_free(b);
}

void bytes_free(struct bytes *b)
{
    free(b->at);
    memset(b, 0, sizeof *b);
}
