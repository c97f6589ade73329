/* The room: everybody who is connected, and what is still to be sent to each of them. */
#ifndef ROOM_H
#define ROOM_H

#include <stdbool.h>
#include <stddef.h>

struct client {
    int fd;
    unsigned long number;
    bool hung_up;          /* we have ended the connection, nothing more goes out */
    char *pending;         /* what the socket did not take at once */
    size_t pending_length;
    size_t pending_capacity;
};

/* Starts the thread that sends later what could not be sent at once. False: no thread. */
bool room_open(void);

/* Adds a client; from now on it hears what the others say. NULL: no memory, fd is still open. */
struct client *room_join(int fd);

/* Removes the client, closes its connection and frees it. If it said goodbye (polite), it gets
 * up to a second to take what is pending. */
void room_leave(struct client *client, bool polite);

/* Sends a line to everybody but its sender. Never blocks on a slow reader. */
void room_say(const struct client *from, const char *line, size_t length);

/* Ends all connections, waits until everybody has left, and stops the sending thread. */
void room_close(void);

#endif
