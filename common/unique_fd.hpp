// One owner for one descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace lab {

// Closes its descriptor exactly once: at the end of its scope, or in reset(). Move-only; a bare
// `int fd` anywhere in this repository is borrowed. Not thread-safe: whoever owns it sees to it
// that no other thread still uses the number when it is closed.
class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~UniqueFd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

    // Gives the descriptor away without closing it.
    int release() { return std::exchange(fd_, -1); }

    // Closes the descriptor and owns `fd` instead. close() is not tried again when it fails: on
    // Linux the number is free even after EINTR (close(2)).
    void reset(int fd = -1) {
        if (const int old = std::exchange(fd_, fd); old >= 0)
            ::close(old);
    }

  private:
    int fd_ = -1;
};

}  // namespace lab
