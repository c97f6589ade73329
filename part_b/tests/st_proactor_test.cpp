// libst_proactor through its interface: who is called, how often, and until when.
#include "part_b/st_proactor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/guarded.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"

namespace lab {
namespace {

using Semaphore = std::counting_semaphore<>;

// A handler gets no context, so what the tests want to happen in one is global.
Guarded<std::function<void(void*, int)>> behaviour;

void call_behaviour(void* proactor, int fd) {
    const auto now = *behaviour.lock();  // copied: the lock is not held during the call
    now(proactor, fd);
}

std::pair<UniqueFd, UniqueFd> connected_pair() {
    std::array<int, 2> ends{};
    checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

char read_one(int fd) {
    std::array<char, 1> byte{};
    return receive(fd, byte) == 1 ? byte[0] : '\0';
}

std::size_t threads() {
    const std::filesystem::directory_iterator begin("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin, {}));
}

class StProactor : public testing::Test {
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
    ~StProactor() override { end(); }

    void* proactor_ = createProactor();
    std::jthread loop_;
    std::atomic<std::thread::id> loop_id_;
    std::pair<UniqueFd, UniqueFd> pair_ = connected_pair();
    const int fd_ = pair_.first.get();
    const int peer_ = pair_.second.get();
};

TEST_F(StProactor, CallsTheHandlerForEachInputOnAThreadOfItsOwn) {
    Semaphore called(0);
    Guarded<std::string> text;
    std::atomic<bool> on_the_loop = false;
    handle_with([&](void* proactor, int fd) {
        EXPECT_EQ(proactor, proactor_);
        EXPECT_EQ(fd, fd_);
        on_the_loop = on_the_loop || std::this_thread::get_id() == loop_id_;
        *text.lock() += read_one(fd);
        called.release();
    });
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    start();
    for (const std::string_view byte : {"a", "b", "c"}) {
        ASSERT_TRUE(send_all(peer_, byte));
        called.acquire();
    }
    end();
    EXPECT_EQ(*text.lock(), "abc");
    EXPECT_FALSE(on_the_loop);
}

TEST_F(StProactor, IsLevelTriggeredAndOneAtATime) {
    Semaphore done(0);
    std::atomic<int> inside = 0;
    handle_with([&](void*, int fd) {
        EXPECT_EQ(++inside, 1);
        read_one(fd);  // leaves the rest to the next call
        --inside;
        done.release();
    });
    ASSERT_TRUE(send_all(peer_, std::string(50, 'x')));
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    start();
    for (int i = 0; i < 50; ++i)
        done.acquire();
    end();
}

TEST_F(StProactor, DifferentDescriptorsRunSideBySide) {
    auto [other, other_peer] = connected_pair();
    Semaphore first_inside(0), second_inside(0), both_done(0);
    handle_with([&](void*, int fd) {
        read_one(fd);
        // Each waits until the other is inside: that only ends if they run at the same time.
        (fd == fd_ ? first_inside : second_inside).release();
        (fd == fd_ ? second_inside : first_inside).acquire();
        both_done.release();
    });
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    ASSERT_EQ(addFD2Proactor(proactor_, other.get(), call_behaviour), 0);
    start();
    ASSERT_TRUE(send_all(peer_, "x") && send_all(other_peer.get(), "x"));
    both_done.acquire();
    both_done.acquire();
    end();
}

TEST_F(StProactor, EndOfFileAndConnectionsAreInputToo) {
    const UniqueFd listener = listen_on(0);
    Semaphore end_of_file(0), connection(0);
    handle_with([&](void* proactor, int fd) {
        if (fd == fd_) {
            EXPECT_EQ(read_one(fd), '\0');
            EXPECT_EQ(removeHandler(proactor, fd), 0);
            return end_of_file.release();
        }
        EXPECT_TRUE(accept_from(fd).socket);
        connection.release();
    });
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    ASSERT_EQ(addFD2Proactor(proactor_, listener.get(), call_behaviour), 0);
    start();
    pair_.second.reset();
    end_of_file.acquire();
    const UniqueFd client = connect_to("127.0.0.1", local_port(listener.get()));
    connection.acquire();
    end();
}

TEST_F(StProactor, NoHandlerStartsAfterItsRemoval) {
    auto [other, other_peer] = connected_pair();
    Semaphore other_called(0);
    handle_with([&](void*, int fd) {
        EXPECT_NE(fd, fd_);
        read_one(fd);
        other_called.release();
    });
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    ASSERT_EQ(addFD2Proactor(proactor_, other.get(), call_behaviour), 0);
    start();
    ASSERT_EQ(removeHandler(proactor_, fd_), 0);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(send_all(peer_, "x") && send_all(other_peer.get(), "x"));
        other_called.acquire();
    }
    end();
}

TEST_F(StProactor, ANumberIsServedAgainWhileTheOldHandlerStillRuns) {
    Semaphore old_inside(0), old_may_end(0), new_called(0);
    std::atomic<int> calls = 0;
    handle_with([&](void*, int fd) {
        read_one(fd);
        if (++calls > 1)
            return new_called.release();
        old_inside.release();
        old_may_end.acquire();
    });
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    start();
    ASSERT_TRUE(send_all(peer_, "x"));
    old_inside.acquire();
    ASSERT_EQ(removeHandler(proactor_, fd_), 0);
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    ASSERT_TRUE(send_all(peer_, "y"));
    new_called.acquire();
    old_may_end.release();
    // The end of the old handler does not bring its registration back.
    ASSERT_TRUE(send_all(peer_, "z"));
    new_called.acquire();
    ASSERT_EQ(removeHandler(proactor_, fd_), 0);
    end();
    EXPECT_EQ(calls, 3);
}

TEST_F(StProactor, AHandlerMayAddRemoveAndCancel) {
    auto [other, other_peer] = connected_pair();
    handle_with([&, second = other.get()](void* proactor, int fd) {
        read_one(fd);
        EXPECT_EQ(removeHandler(proactor, fd), 0);
        if (fd == second)
            EXPECT_EQ(cancelProactor(proactor), 0);
        else
            EXPECT_EQ(addFD2Proactor(proactor, second, call_behaviour), 0);
    });
    ASSERT_TRUE(send_all(peer_, "x") && send_all(other_peer.get(), "x"));
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    EXPECT_EQ(runProactor(proactor_), 0);
}

TEST_F(StProactor, ACancelBeforeTheRunIsRemembered) {
    EXPECT_EQ(cancelProactor(proactor_), 0);
    EXPECT_EQ(runProactor(proactor_), 0);
}

TEST_F(StProactor, DestroyWaitsForRunningHandlers) {
    Semaphore inside(0);
    std::atomic<bool> returned = false;
    handle_with([&](void*, int fd) {
        inside.release();
        EXPECT_EQ(read_one(fd), 'x');
        EXPECT_EQ(read_one(fd), '\0');  // blocks until it is hung up on
        returned = true;
    });
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    start();
    ASSERT_TRUE(send_all(peer_, "x"));
    inside.acquire();
    cancelProactor(proactor_);
    loop_.join();
    hang_up(fd_);
    destroyProactor(std::exchange(proactor_, nullptr));
    EXPECT_TRUE(returned);
}

TEST_F(StProactor, NoThreadIsLeftOverWhenNothingIsUnderWay) {
    Semaphore called(0);
    handle_with([&](void*, int fd) {
        read_one(fd);
        called.release();
    });
    ASSERT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    start();
    const std::size_t before = threads();
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(send_all(peer_, "x"));
        called.acquire();
    }
    while (threads() > before)  // ends within moments, without a further event
        std::this_thread::yield();
    end();
}

TEST_F(StProactor, MistakesAreErrorsAndNoCrashes) {
    const auto fails_with = [](int error, int result) {
        EXPECT_EQ(result, -1);
        EXPECT_EQ(errno, error);
    };
    EXPECT_EQ(addFD2Proactor(proactor_, fd_, call_behaviour), 0);
    fails_with(EEXIST, addFD2Proactor(proactor_, fd_, call_behaviour));
    fails_with(ENOENT, removeHandler(proactor_, peer_));
    fails_with(EBADF, addFD2Proactor(proactor_, -1, call_behaviour));
    fails_with(EBADF, addFD2Proactor(proactor_, 1'000'000, call_behaviour));
    fails_with(EINVAL, addFD2Proactor(proactor_, peer_, nullptr));
    fails_with(EINVAL, addFD2Proactor(nullptr, fd_, call_behaviour));
    fails_with(EINVAL, removeHandler(nullptr, fd_));
    fails_with(EINVAL, runProactor(nullptr));
    fails_with(EINVAL, cancelProactor(nullptr));
    const UniqueFd file(checked(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "open"));
    fails_with(EPERM, addFD2Proactor(proactor_, file.get(), call_behaviour));
    destroyProactor(nullptr);
}

TEST_F(StProactor, CreateRunServeDestroyLeavesNothing) {
    const std::size_t before = threads();
    handle_with([](void* proactor, int fd) {
        read_one(fd);
        cancelProactor(proactor);
    });
    for (int i = 0; i < 300; ++i) {
        void* const proactor = createProactor();
        ASSERT_EQ(addFD2Proactor(proactor, fd_, call_behaviour), 0);
        ASSERT_TRUE(send_all(peer_, "x"));
        ASSERT_EQ(runProactor(proactor), 0);
        destroyProactor(proactor);
    }
    EXPECT_EQ(threads(), before);
}

}  // namespace
}  // namespace lab
