// Turns on the connect channel: one at a time, and nobody's death ends them.
#include "bonus/turn.hpp"

#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>

#include "bonus/tests/shared_memory.hpp"

namespace lab::testing {
namespace {

using namespace std::literals;

class TurnTest : public TwoEnds<ConnectLayout> {
  protected:
    TurnTest() { make_turn(server_->turn); }
};

TEST_F(TurnTest, IsOnesAtATime) {
    const Turn mine(client_->turn, 10s);
    EXPECT_FALSE(mine.inherited());
    const std::jthread other([this] { EXPECT_THROW(Turn(client_->turn, 1ms), std::system_error); });
}

TEST_F(TurnTest, PassesOnWhenItIsOver) {
    for (int round = 0; round < 3; ++round)
        EXPECT_FALSE(Turn(client_->turn, 10s).inherited());
}

TEST_F(TurnTest, OfWhoDiesInItIsInherited) {
    for (int round = 0; round < 3; ++round) {
        const pid_t child = ::fork();
        if (child == 0) {
            const Turn turn(client_->turn, 10s);
            ::raise(SIGKILL);
        }
        EXPECT_EQ(::waitpid(child, nullptr, 0), child);
        EXPECT_TRUE(Turn(client_->turn, 10s).inherited());
        EXPECT_FALSE(Turn(client_->turn, 10s).inherited());
    }
}

// The waiter sleeps; then the mutex is free, and the wake-up was lost with somebody who was killed.
TEST_F(TurnTest, IsTakenAlsoWhenItsWakeUpWasLost) {
    const pid_t holder = ::fork();
    if (holder == 0) {
        const Turn turn(client_->turn, 10s);
        ::pause();
    }
    const std::atomic_ref<int> word(client_->turn.__data.__lock);
    EXPECT_TRUE(eventually([&] { return word != 0; }));
    {
        const std::jthread waiter([this] { EXPECT_FALSE(Turn(client_->turn, 60s).inherited()); });
        EXPECT_TRUE(eventually([&] { return (word & static_cast<int>(FUTEX_WAITERS)) != 0; }));
        word = 0;
    }
    ::kill(holder, SIGKILL);
    EXPECT_EQ(::waitpid(holder, nullptr, 0), holder);
}

}  // namespace
}  // namespace lab::testing
