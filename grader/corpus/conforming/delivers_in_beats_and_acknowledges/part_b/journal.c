/* The log: an object of JSON in a line of stderr for each event. */
#include "inside.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void journal(unsigned long who, const char *what, const char *text, size_t n)
{
    char out[2048];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    size_t len = (size_t)snprintf(out, sizeof out, "{\"at\":%lld.%03ld,\"guest\":%lu,\"event\":\"%s\"",
                                  (long long)t.tv_sec, t.tv_nsec / 1000000, who, what);
    if (text) {
        len += (size_t)snprintf(out + len, sizeof out - len, ",\"bytes\":%zu,\"text\":\"", n);
        for (size_t i = 0; i < n && i < 240; i++) {
            unsigned char c = (unsigned char)text[i];
            if (c == '"' || c == '\\') {
                out[len++] = '\\';
                out[len++] = (char)c;
            } else if (c >= ' ' && c < 127) {
                out[len++] = (char)c;
            } else {
                len += (size_t)snprintf(out + len, sizeof out - len, "\\u%04x", c);
            }
        }
        out[len++] = '"';
    }
    out[len++] = '}';
    out[len++] = '\n';
    for (size_t done = 0; done < len;) {
        ssize_t w = write(STDERR_FILENO, out + done, len - done);
        if (w > 0)
            done += (size_t)w;
        else if (w < 0 && errno != EINTR)
            return;
    }
}
