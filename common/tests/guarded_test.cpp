// Guarded: one thread at a time.
#include "common/guarded.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace {

TEST(Guarded, NoIncrementIsLost) {
    constexpr int kThreads = 4;
    constexpr int kRounds = 5000;
    lab::Guarded<int> counter;
    {
        std::vector<std::jthread> threads;
        threads.reserve(kThreads);
        for (int i = 0; i < kThreads; ++i)
            threads.emplace_back([&] {
                for (int round = 0; round < kRounds; ++round)
                    ++*counter.lock();
            });
    }
    EXPECT_EQ(*counter.lock(), kThreads * kRounds);
}

TEST(Guarded, ANamedGuardHoldsTheLockUntilItsScopeEnds) {
    lab::Guarded<std::string> text(std::string("a"));
    std::jthread other;
    {
        auto guard = text.lock();
        other = std::jthread([&] { text.lock()->append("c"); });
        guard->append("b");
    }
    other.join();
    EXPECT_EQ(*text.lock(), "abc");
}

}  // namespace
