// Accepts clients, and gives each a session of its own.
#pragma once

#include <stop_token>

#include "common/limits.hpp"

namespace lab {

// Serves the chat on `listener`, a bound and listening socket, until `stop` is requested; then
// hangs up on the listener and on every client, and returns when all threads have been joined.
// Blocks the calling thread. Shortage of descriptors or threads only makes it rest for a moment;
// throws std::system_error for errors that mean a bug of ours.
void run_chat_server(int listener, std::stop_token stop, const Limits& limits = {});

}  // namespace lab
