// Child processes for the benches, and a board on which they leave their results.
#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <new>
#include <utility>

#include "common/error.hpp"

namespace lab::bench {

// A T that the children see, too: make it before them. Its fields are atomics.
template <class T>
class Board {
  public:
    Board() {
        void* const place =
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (place == MAP_FAILED)
            checked(-1, "mmap");
        value_ = ::new (place) T();
    }
    ~Board() { ::munmap(value_, sizeof(T)); }
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;
    T* operator->() const { return value_; }

  private:
    T* value_;
};

// A copy of this process, which has no second thread yet, that runs `body` and ends. Killed when it
// is destroyed before it was waited for.
class Forked {
  public:
    explicit Forked(const std::function<void()>& body) : pid_(checked(::fork(), "fork")) {
        if (pid_ != 0)
            return;
        try {
            body();
            ::_exit(EXIT_SUCCESS);
        } catch (const std::exception& error) {
            std::cerr << error.what() << '\n';
            ::_exit(EXIT_FAILURE);
        }
    }
    Forked(Forked&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
    Forked& operator=(Forked&&) = delete;
    ~Forked() {
        kill(SIGKILL);
        wait();
    }

    void kill(int signal) const {
        if (pid_ != 0)
            ::kill(pid_, signal);
    }

    // Blocks until it has ended. Was all well?
    bool wait() {
        int status = 0;
        const pid_t ended = pid_ != 0 ? ::waitpid(pid_, &status, 0) : 0;
        pid_ = 0;
        return ended > 0 && status == 0;
    }

    // Asks it to end, as a user does with Ctrl-C, and waits. Was all well?
    bool stop() {
        kill(SIGINT);
        return wait();
    }

  private:
    pid_t pid_;
};

}  // namespace lab::bench
