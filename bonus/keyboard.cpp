// The client's input, line by line.
#include "bonus/keyboard.hpp"

#include <unistd.h>

#include <iostream>

namespace lab {

std::optional<std::string> Keyboard::read(std::string_view prompt) {
    const bool has_user = ::isatty(STDIN_FILENO) == 1;
    if (has_user)
        screen_.ask(prompt);
    std::string line;
    const bool got_one = static_cast<bool>(std::getline(std::cin, line));
    if (has_user)
        screen_.answered();
    return got_one ? std::optional(line) : std::nullopt;
}

}  // namespace lab
