// The client's input, line by line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bonus/screen.hpp"

namespace lab {

// Reads standard input: a terminal, a pipe or a file. One thread at a time.
class Keyboard {
  public:
    explicit Keyboard(Screen& screen) : screen_(screen) {}

    // Blocks until there is a line, and returns it without its newline; a last line need not have
    // one. Nothing is the end of the input. On a terminal the user is asked with `prompt`.
    std::optional<std::string> read(std::string_view prompt);

  private:
    Screen& screen_;
};

}  // namespace lab
