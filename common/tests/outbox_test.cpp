// Outbox: many small offers, one large take, and never more than the capacity.
#include "common/outbox.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Outbox, GivesEverythingThatWaitsInOneTake) {
    lab::Outbox outbox(100);
    EXPECT_TRUE(outbox.empty());
    EXPECT_TRUE(outbox.offer("one\n"));
    EXPECT_TRUE(outbox.offer("two\n"));
    EXPECT_FALSE(outbox.empty());
    EXPECT_EQ(outbox.take(), "one\ntwo\n");
    EXPECT_TRUE(outbox.empty());
    EXPECT_EQ(outbox.take(), "");
}

TEST(Outbox, RefusesWhatWouldPassItsCapacityAndKeepsTheRest) {
    lab::Outbox outbox(8);
    EXPECT_TRUE(outbox.offer("one\n"));
    EXPECT_FALSE(outbox.offer("three\n"));
    EXPECT_TRUE(outbox.offer("two\n"));
    EXPECT_FALSE(outbox.offer("\n"));
    EXPECT_EQ(outbox.take(), "one\ntwo\n");
}

TEST(Outbox, HasItsWholeCapacityAgainAfterATake) {
    lab::Outbox outbox(4);
    EXPECT_TRUE(outbox.offer("one\n"));
    EXPECT_EQ(outbox.take(), "one\n");
    EXPECT_TRUE(outbox.offer("two\n"));
}

}  // namespace
