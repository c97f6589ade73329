// libst_proactor: which handler is called, how often, and until when.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include "common/guarded.hpp"
#include "part_b/tests/st_proactor_fixture.hpp"

namespace lab::testing {
namespace {

using StProactorHandlers = StProactorTest;

TEST_F(StProactorHandlers, CallsTheHandlerForEachInputOnAThreadOfItsOwn) {
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

TEST_F(StProactorHandlers, IsLevelTriggeredAndOneAtATime) {
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

TEST_F(StProactorHandlers, DifferentDescriptorsRunSideBySide) {
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

TEST_F(StProactorHandlers, EndOfFileAndConnectionsAreInputToo) {
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

TEST_F(StProactorHandlers, NoHandlerStartsAfterItsRemoval) {
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

TEST_F(StProactorHandlers, ANumberIsServedAgainWhileTheOldHandlerStillRuns) {
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

TEST_F(StProactorHandlers, AHandlerMayAddRemoveAndCancel) {
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

}  // namespace
}  // namespace lab::testing
