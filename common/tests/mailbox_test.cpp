// Mailbox: many threads put lines in, one takes them out, and both ends can be reached.
#include "common/mailbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace {

using lab::Mailbox;
using namespace std::literals;

constexpr std::size_t kRoomy = 1 << 20;

TEST(Mailbox, GivesEverythingThatWaitsInOneTake) {
    Mailbox mailbox(kRoomy);
    EXPECT_TRUE(mailbox.offer("one\n"));
    EXPECT_TRUE(mailbox.offer("two\n"));
    EXPECT_EQ(mailbox.take(), "one\ntwo\n");
}

TEST(Mailbox, RefusesWhatWouldPassItsCapacity) {
    Mailbox mailbox(4);
    EXPECT_TRUE(mailbox.offer("one\n"));
    EXPECT_FALSE(mailbox.offer("two\n"));
}

TEST(Mailbox, ATakeThatWaitsIsWokenByAnOffer) {
    Mailbox mailbox(kRoomy);
    std::string taken;
    std::jthread writer([&] { taken = mailbox.take(); });
    EXPECT_TRUE(mailbox.offer("one\n"));
    writer.join();
    EXPECT_EQ(taken, "one\n");
}

TEST(Mailbox, ATakeThatWaitsIsWokenByAStopAndByClose) {
    Mailbox mailbox(kRoomy);
    std::string taken = "untouched";
    std::jthread stopped([&](std::stop_token stop) { taken = mailbox.take(stop); });
    stopped.request_stop();
    stopped.join();
    EXPECT_EQ(taken, "");

    taken = "untouched";
    std::jthread closed([&] { taken = mailbox.take(); });
    mailbox.close();
    closed.join();
    EXPECT_EQ(taken, "");
}

TEST(Mailbox, WhatIsQueuedCanStillBeTakenAfterClose) {
    Mailbox mailbox(kRoomy);
    EXPECT_TRUE(mailbox.offer("one\n"));
    mailbox.close();
    EXPECT_TRUE(mailbox.offer("too late\n"));
    EXPECT_EQ(mailbox.take(), "one\n");
    EXPECT_EQ(mailbox.take(), "");
}

TEST(Mailbox, IsDrainedWhenTheTakerHasComeBackForTheEnd) {
    Mailbox mailbox(kRoomy);
    EXPECT_TRUE(mailbox.offer("one\n"));
    mailbox.close();
    EXPECT_EQ(mailbox.take(), "one\n");
    EXPECT_FALSE(mailbox.wait_until_drained(1ms));
    std::jthread writer([&] { EXPECT_EQ(mailbox.take(), ""); });
    EXPECT_TRUE(mailbox.wait_until_drained(10s));
}

TEST(Mailbox, LosesAndMixesNoLineOfManyThreads) {
    constexpr int kThreads = 4;
    constexpr int kLines = 2000;
    Mailbox mailbox(kRoomy);
    std::string taken;
    std::jthread writer([&] {
        for (std::string lines; !(lines = mailbox.take()).empty();)
            taken += lines;
    });
    {
        std::vector<std::jthread> senders;
        for (char name = 'a'; name < 'a' + kThreads; ++name)
            senders.emplace_back([&, line = std::string(9, name) + '\n'] {
                for (int i = 0; i < kLines; ++i)
                    EXPECT_TRUE(mailbox.offer(line));
            });
    }
    mailbox.close();
    writer.join();
    ASSERT_EQ(taken.size(), std::size_t{kThreads} * kLines * 10);
    for (std::size_t i = 0; i < taken.size(); i += 10)
        ASSERT_EQ(taken.substr(i, 10), std::string(9, taken[i]) + '\n');
}

}  // namespace
