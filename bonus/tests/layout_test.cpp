// The layout: what stands in the first bytes, and that two mappings are one memory.
#include "bonus/layout.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "bonus/tests/shared_memory.hpp"

namespace lab::testing {
namespace {

using CommSegment = TwoEnds<CommLayout>;
using ConnectSegment = TwoEnds<ConnectLayout>;

TEST_F(CommSegment, IsPublishedByItsMagicNumberVersionAndSize) {
    EXPECT_FALSE(client_.is_published());
    server_.publish();
    EXPECT_TRUE(client_.is_published());
    EXPECT_EQ(std::memcmp(client_.mapping().data(), "1MHS-BAL", 8), 0);
    EXPECT_EQ(client_->header.version, kLayoutVersion);
    EXPECT_EQ(client_->header.size, sizeof(CommLayout));
}

TEST_F(CommSegment, OfAnotherVersionOrSizeIsNotTakenForOurs) {
    server_.publish();
    server_->header.version = kLayoutVersion + 1;
    EXPECT_FALSE(client_.is_published());
    server_.publish();
    server_->header.size = sizeof(CommLayout) - 1;
    EXPECT_FALSE(client_.is_published());
    server_.publish();
    server_->header.magic = kMagic + 1;
    EXPECT_FALSE(client_.is_published());
}

TEST_F(ConnectSegment, IsOneMemoryAtTwoAddresses) {
    server_->slot.word = 42;
    EXPECT_NE(&server_->slot.word, &client_->slot.word);
    EXPECT_EQ(client_->slot.word, 42U);
}

TEST_F(CommSegment, IsEmptyWhenAllIsZero) {
    EXPECT_EQ(client_->slot.word, 0U);
    EXPECT_EQ(client_->inbox.written, 0U);
    EXPECT_EQ(client_->inbox.closed, 0U);
}

}  // namespace
}  // namespace lab::testing
