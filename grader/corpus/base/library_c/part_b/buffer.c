/* A buffer of bytes that grows at its end and shrinks at its front. */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#define KEEP (64 * 1024)

static bool make_room(struct buffer *b, size_t n)
{
    if (b->start > b->len) {
        memmove(b->data, b->data + b->start, b->len);
        b->start = 0;
    }
    if (b->start + b->len + n <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : 1024;
    while (cap < b->start + b->len + n)
        cap *= 2;
    char *data = realloc(b->data, cap);
    if (!data)
        return false;
    b->data = data;
    b->cap = cap;
    return true;
}

bool buffer_append(struct buffer *b, const char *bytes, size_t n)
{
    if (n == 0)
        return true;
    if (!make_room(b, n))
        return false;
    memcpy(b->data + b->start + b->len, bytes, n);
    b->len += n;
    return true;
}

void buffer_drop(struct buffer *b, size_t n)
{
    b->start += n;
    b->len -= n;
    if (b->len > 0)
        return;
    b->start = 0;
    if (b->cap > KEEP)
        buffer_free(b);
}

void buffer_free(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){0};
}
