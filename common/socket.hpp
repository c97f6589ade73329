// TCP sockets that are ready to use: listen, connect, accept, send and receive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/unique_fd.hpp"

namespace lab {

// A listening socket on every local address: IPv4, and IPv6 where the host has it. Port 0 lets the
// kernel choose. Blocking, close-on-exec. Throws std::system_error that names the failing step.
UniqueFd listen_on(std::uint16_t port);

// The port `fd` is bound to. Throws std::system_error.
std::uint16_t local_port(int fd);

// A connection to the first address of `host` that answers; blocks until then. Blocking,
// close-on-exec, TCP_NODELAY. Throws std::runtime_error: what() is the whole reason, in one line.
UniqueFd connect_to(const std::string& host, std::uint16_t port);

enum class Blocking : bool { no, yes };

// What one accept(2) came to.
struct Accepted {
    enum class Outcome {
        connection,  // `socket` is a new client
        try_again,   // nobody, this time: interrupted, or the client has given up meanwhile; on a
                     // non-blocking listener also: nobody is waiting
        exhausted,   // no descriptors or memory left: rest before the next try, or it will spin
        closed,      // the listener was shut down: no more clients
    };
    Outcome outcome;
    UniqueFd socket = {};  // close-on-exec, TCP_NODELAY, blocking as asked for
    int error = 0;         // the errno behind try_again and exhausted
};

// Accepts one client. Blocks until there is one (unless `listener` is non-blocking); hang_up() on
// the listener ends the wait. `mode` is that of the accepted socket. Throws std::system_error for
// an errno that means a bug of ours, such as EBADF.
Accepted accept_from(int listener, Blocking mode = Blocking::yes);

// Sends all bytes on a blocking socket; blocks while the peer does not read. False when the peer
// has gone or the socket was hung up: what was not sent is lost. Never raises SIGPIPE.
bool send_all(int fd, std::string_view bytes);

// Receives what is there, at least one byte, on a blocking socket; blocks until then. 0 is the end,
// of whichever kind: end-of-file, reset, or hang_up() in another thread.
std::size_t receive(int fd, std::span<char> buffer);

// Ends the connection in both directions and wakes every thread that is blocked on it, in accept,
// send or receive. The descriptor stays open. Any thread, any number of times.
void hang_up(int fd);

// Ends only our direction: the peer sees the end of file when it has read everything.
void end_output(int fd);

// Makes the coming close() throw away what the peer has not read yet, with a reset. Without it the
// kernel would keep megabytes for minutes for a peer that never reads.
void discard_unsent(int fd);

// Raises the soft limit of open descriptors to the hard one: how many clients a server can have is
// the administrator's decision, not the shell's.
void raise_descriptor_limit();

}  // namespace lab
