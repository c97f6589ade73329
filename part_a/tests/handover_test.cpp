// Bytes handed over from thread to thread, and the bell that poll(2) hears.
#include "part_a/handover.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <future>
#include <thread>

namespace lab::testing {
namespace {

bool rings(const Handover& handover) {
    pollfd bell{.fd = handover.bell(), .events = POLLIN, .revents = 0};
    return ::poll(&bell, 1, 0) == 1;
}

TEST(Handover, RingsUntilWhatWasGivenIsTaken) {
    Handover handover;
    EXPECT_FALSE(rings(handover));
    EXPECT_TRUE(handover.give("bytes"));
    EXPECT_TRUE(rings(handover));
    EXPECT_EQ(handover.take(), "bytes");
    EXPECT_FALSE(rings(handover));
    EXPECT_EQ(handover.take(), "");
}

TEST(Handover, TheGiverWaitsForTheTaker) {
    Handover handover;
    std::string taken;
    {
        const std::jthread giver([&handover] {
            for (int i = 0; i < 1000; ++i)
                EXPECT_TRUE(handover.give("x"));
            handover.close();
        });
        while (!handover.over()) {
            const std::string some = handover.take();
            EXPECT_LE(some.size(), 1U);
            taken += some;
        }
    }
    EXPECT_EQ(taken.size(), 1000U);
}

TEST(Handover, TheEndComesAfterWhatWasGiven) {
    Handover handover;
    EXPECT_TRUE(handover.give("last words"));
    handover.close();
    EXPECT_FALSE(handover.over());
    EXPECT_EQ(handover.take(), "last words");
    EXPECT_TRUE(handover.over());
    EXPECT_FALSE(handover.give("too late"));
}

TEST(Handover, TheEndWakesAGiverThatWaits) {
    Handover handover;
    EXPECT_TRUE(handover.give("first"));
    std::future<bool> second =
        std::async(std::launch::async, [&handover] { return handover.give("second"); });
    handover.close();
    EXPECT_FALSE(second.get());
}

}  // namespace
}  // namespace lab::testing
