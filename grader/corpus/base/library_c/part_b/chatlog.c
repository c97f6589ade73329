/* The log of the chat: one line on stdout for everything that happens. */
#include "chatlog.h"

#include <stdio.h>

#define SHOWN 200

void chatlog_event(unsigned long client, const char *what)
{
    printf("client %lu %s\n", client, what);
    fflush(stdout);
}

void chatlog_message(unsigned long client, const char *line, size_t length)
{
    char text[SHOWN];
    size_t n = length < SHOWN ? length : SHOWN;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)line[i];
        text[i] = c < ' ' || c == 127 ? '.' : line[i];
    }
    printf("client %lu: %.*s%s\n", client, (int)n, text, n < length ? " ..." : "");
    fflush(stdout);
}
