// A keyboard and a screen that are pipes or files, or a terminal whose lines the kernel edits.
#pragma once

#include <array>
#include <string_view>

#include "part_a/console.hpp"

namespace lab {

// Reading and printing touch different descriptors, so the two threads share nothing.
class PlainConsole final : public Console {
  public:
    PlainConsole(int keyboard, int screen, bool screen_is_terminal)
        : keyboard_(keyboard), screen_(screen), screen_is_terminal_(screen_is_terminal) {}

    std::string_view read() override;
    bool wait_until_writable(int socket) override;
    void print_the_rest() override {}
    bool print(std::string_view bytes) override;
    void finish() override {}

  private:
    const int keyboard_;
    const int screen_;
    const bool screen_is_terminal_;
    std::array<char, 65536> typed_;
};

}  // namespace lab
