/* list.h - the linked list of everybody who is connected */
#ifndef LIST_H
#define LIST_H
#include <stddef.h>

/* Adds a client; 0 if there is no memory. */
int list_add(int fd);

/* Takes a client out. Afterwards nobody sends to fd any more, so the caller may close it. */
void list_remove(int fd);

/* Sends the bytes, which are whole lines, to everybody but the sender. */
void list_send(int sender, const char *bytes, size_t n);

#endif
