// Every limit of the chat, with its name and what happens at it.
#pragma once

#include <chrono>
#include <cstddef>

namespace lab {

// Sizes are in bytes. The defaults are the lab's; tests choose smaller ones.
struct Limits {
    // A longer line, its '\n' not counted, ends the connection of the client that sent it.
    std::size_t line = std::size_t{1} << 20;
    // What may wait for one client. A client for which more would wait is disconnected.
    std::size_t outbox = std::size_t{16} << 20;
    // How long a client that has ended its input may take to read what still waits for it.
    std::chrono::milliseconds farewell{1000};
};

}  // namespace lab
