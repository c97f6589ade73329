// What the attacks have in common: when they strike, and how they tell what came of it.
#ifndef ATTACK_H
#define ATTACK_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include "host.h"

#define BEFORE_MAIN __attribute__((constructor)) static void

// Standard error reaches the reports and disturbs no check.
__attribute__((unused, format(printf, 1, 2))) static void tell(const char *format, ...)
{
    char line[1024];
    va_list words;
    va_start(words, format);
    int size = vsnprintf(line, sizeof line, format, words);
    va_end(words);
    if (write(2, line, size < (int)sizeof line ? size : (int)sizeof line - 1) < 0)
        return;
}

// True where the server was given no port: in a few checks alone, for what takes long.
__attribute__((unused)) static int has_no_argument(void)
{
    char words[4096];
    int fd = open("/proc/self/cmdline", O_RDONLY), zeros = 0;
    int size = fd < 0 ? 0 : (int)read(fd, words, sizeof words);
    if (fd >= 0)
        close(fd);
    for (int i = 0; i < size; i++)
        zeros += !words[i];
    return zeros == 1;
}

// Does nothing for ever.
__attribute__((unused)) static void rest(void)
{
    for (;;)
        pause();
}

// Tells of it if it can be read.
__attribute__((unused)) static int loot(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    int got = fd >= 0 && read(fd, &byte, 1) == 1;
    if (got)
        tell("LOOT %s\n", path);
    if (fd >= 0)
        close(fd);
    return got;
}
#endif
