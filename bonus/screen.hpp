// What the client prints: whole lines, from two threads.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace lab {

// Into a pipe or a file bytes go as they are. A terminal gets nothing from afar that it would obey
// (common/visible.hpp), and a prompt, which stays behind what is printed.
class Screen {
  public:
    // Borrows the descriptor. To be constructed before there is a second thread.
    explicit Screen(int fd);

    // Any thread. Prints `line` and a newline, at once. A screen that nobody looks at any more is
    // no reason to stop.
    void print(std::string_view line);

    // From now on until `answered()`, the user is asked this. Only seen on a terminal.
    void ask(std::string_view prompt);
    void answered();

  private:
    const int fd_;
    const bool is_terminal_;
    std::mutex mutex_;
    std::string prompt_;  // protected by mutex_
};

}  // namespace lab
