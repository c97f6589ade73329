// read(2) and write(2) for files, pipes and terminals, without their special cases.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace lab {

// Blocks until something can be read and returns how many bytes; 0 is the end, or an error.
std::size_t read_some(int fd, std::span<char> buffer);

// Blocks until all is written; false on an error.
bool write_all(int fd, std::string_view bytes);

}  // namespace lab
