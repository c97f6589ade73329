// The server of the bonus as a child, its log thrown away.
#pragma once

#include <string>

#include "bench/forked.hpp"

namespace lab::bench {

// Starts the program on that channel. Returns when clients can come.
Forked start_bonus_server(const std::string& program, const std::string& channel);

}  // namespace lab::bench
