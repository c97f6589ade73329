/* A buffer of bytes that grows at its end and shrinks at its front. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;
    size_t start; /* the first byte that is still wanted */
    size_t len;   /* how many are wanted from there */
    size_t cap;
};

bool buffer_append(struct buffer *b, const char *bytes, size_t n); /* false: no memory */
void buffer_drop(struct buffer *b, size_t n);
void buffer_free(struct buffer *b);

#endif
