// A proactor of the handler API, whose handlers do what a test wants.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <semaphore>
#include <thread>
#include <utility>

#include "common/guarded.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"
#include "part_b/st_proactor.hpp"
#include "part_b/tests/connected_pair.hpp"

namespace lab::testing {

using Semaphore = std::counting_semaphore<>;

// A handler gets no context, so what the tests want to happen in one is global.
inline Guarded<std::function<void(void*, int)>> behaviour;

inline void call_behaviour(void* proactor, int fd) {
    const auto now = *behaviour.lock();  // copied: the lock is not held during the call
    now(proactor, fd);
}

inline char read_one(int fd) {
    std::array<char, 1> byte{};
    return receive(fd, byte) == 1 ? byte[0] : '\0';
}

inline std::size_t threads() {
    const std::filesystem::directory_iterator begin("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin, {}));
}

class StProactorTest : public ::testing::Test {
  protected:
    void handle_with(std::function<void(void*, int)> handler) {
        *behaviour.lock() = std::move(handler);
    }
    void start() {
        loop_ = std::jthread([this] { EXPECT_EQ(runProactor(proactor_), 0); });
    }
    void end() {
        cancelProactor(proactor_);
        if (loop_.joinable())
            loop_.join();
        destroyProactor(std::exchange(proactor_, nullptr));
    }
    ~StProactorTest() override { end(); }

    void* proactor_ = createProactor();
    std::jthread loop_;
    std::atomic<std::thread::id> loop_id_;
    std::pair<UniqueFd, UniqueFd> pair_ = connected_pair();
    const int fd_ = pair_.first.get();
    const int peer_ = pair_.second.get();
};

}  // namespace lab::testing
