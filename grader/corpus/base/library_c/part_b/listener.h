/* The socket that clients connect to. */
#ifndef LISTENER_H
#define LISTENER_H

int listener_open(int port); /* -1 and errno */
int listener_port(int fd);

#endif
