/* The log of the chat: one line on stdout for everything that happens. */
#ifndef CHATLOG_H
#define CHATLOG_H

#include <stddef.h>

void chatlog_event(unsigned long client, const char *what);
void chatlog_message(unsigned long client, const char *line, size_t length);

#endif
