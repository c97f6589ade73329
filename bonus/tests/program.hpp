// A program of ours as a child: its keyboard, its screen, its end.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/unique_fd.hpp"

namespace lab::testing {

// Killed at the latest when it is destroyed. One thread.
class Program {
  public:
    // `words`: the program, `server` or `client`, and its arguments.
    explicit Program(std::vector<std::string> words);
    ~Program();
    Program(Program&& other) noexcept
        : pid_(std::exchange(other.pid_, 0)),
          keyboard_(std::move(other.keyboard_)),
          screen_(std::move(other.screen_)),
          errors_(std::move(other.errors_)),
          heard_(std::move(other.heard_)) {}
    Program& operator=(Program&&) = delete;

    void type(std::string_view text);
    void end_input() { keyboard_.reset(); }
    void signal(int number) const { ::kill(pid_, number); }
    pid_t pid() const { return pid_; }

    // As Ctrl-Z does it; when this returns, none of its threads runs.
    void suspend() const;

    // The next line that it prints, without its newline; what stands here instead at the end, or
    // when nothing comes for 10 s.
    static constexpr const char* kEnd = "<end>";
    static constexpr const char* kNothing = "<nothing>";
    std::string hear();

    // Skips lines up to one that begins so, and returns that, or kEnd, or kNothing.
    std::string hear_of(std::string_view beginning);

    // All that it has written to stderr; blocks until it has ended, or closed it.
    std::string complaint() const;

    // Blocks until it has ended, and returns its exit status; 128 + the number of a signal that
    // has killed it; nothing when it has not ended after 10 s.
    std::optional<int> status();

  private:
    pid_t pid_ = 0;
    UniqueFd keyboard_;
    UniqueFd screen_;
    UniqueFd errors_;
    std::string heard_;  // and not asked for yet
};

}  // namespace lab::testing
