// Small helpers around sockets, for the server and the client.
#pragma once

#include <string>

// "0".."65535" and nothing else; -1 if it is no port
int parse_port(const std::string &text);

// a listening socket for IPv6 and IPv4; throws std::system_error
int listen_on(int port);

// the port that the socket really has
int port_of(int fd);

// false when the other side is gone
bool send_all(int fd, const char *data, size_t size);

// one line to stderr, never mixed with one of another thread
void log_line(const std::string &text);
