// libst_proactor: how it ends, what it leaves behind, and what it refuses.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <utility>

#include "common/error.hpp"
#include "part_b/tests/st_proactor_fixture.hpp"

namespace lab::testing {
namespace {

using StProactorLife = StProactorTest;

TEST_F(StProactorLife, ACancelBeforeTheRunIsRemembered) {
    EXPECT_EQ(cancelProactor(proactor_), 0);
    EXPECT_EQ(runProactor(proactor_), 0);
}

TEST_F(StProactorLife, DestroyWaitsForRunningHandlers) {
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

TEST_F(StProactorLife, NoThreadIsLeftOverWhenNothingIsUnderWay) {
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

TEST_F(StProactorLife, MistakesAreErrorsAndNoCrashes) {
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

TEST_F(StProactorLife, CreateRunServeDestroyLeavesNothing) {
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
}  // namespace lab::testing
