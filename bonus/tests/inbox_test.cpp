// The inbox: in order, whole or not at all, bounded, and safe from a client that lies.
#include "bonus/inbox.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include "bonus/tests/shared_memory.hpp"

namespace lab::testing {
namespace {

using namespace std::literals;
using Offer = InboxWriter::Offer;

class InboxTest : public TwoEnds<CommLayout> {
  protected:
    // Fills the ring with messages of this size and returns how many fit.
    int fill(std::size_t size) {
        int count = 0;
        while (writer_.offer({"ann", std::string(size, 'x')}) == Offer::accepted)
            ++count;
        return count;
    }

    InboxLayout& shared_ = client_->inbox;
    InboxWriter writer_{server_->inbox};
    InboxReader reader_{shared_};
};

TEST_F(InboxTest, GivesWhatWasPutInInOrder) {
    EXPECT_FALSE(reader_.take());
    EXPECT_EQ(writer_.offer({"ann", "one"}), Offer::accepted);
    EXPECT_EQ(writer_.offer({"bob", std::string("t\0w\xff", 4)}), Offer::accepted);
    EXPECT_EQ(writer_.offer({std::string(kMaxName, 'n'), ""}), Offer::accepted);
    const auto first = reader_.take();
    EXPECT_EQ(first->from, "ann");
    EXPECT_EQ(first->text, "one");
    EXPECT_EQ(reader_.take()->text, std::string("t\0w\xff", 4));
    EXPECT_EQ(reader_.take()->from, std::string(kMaxName, 'n'));
    EXPECT_FALSE(reader_.take());
}

TEST_F(InboxTest, HoldsSoManyBytesAndThenIsFull) {
    const int count = fill(kMaxText);
    EXPECT_EQ(count, 15);
    EXPECT_EQ(writer_.offer({"ann", std::string(kMaxText, 'x')}), Offer::full);
    EXPECT_TRUE(reader_.take());
    EXPECT_EQ(writer_.offer({"ann", std::string(kMaxText, 'y')}), Offer::accepted);
    for (int taken = 1; taken < count; ++taken)
        EXPECT_EQ(reader_.take()->text, std::string(kMaxText, 'x'));
    EXPECT_EQ(reader_.take()->text, std::string(kMaxText, 'y'));
    EXPECT_FALSE(reader_.take());
}

TEST_F(InboxTest, CanBeFilledToTheLastByte) {
    const std::size_t head = 4 + kMaxName + 1;
    EXPECT_EQ(fill(kInboxBytes / 16 - head), 16);
    EXPECT_EQ(shared_.written, kInboxBytes);
    for (int taken = 0; taken < 16; ++taken)
        EXPECT_EQ(reader_.take()->text.size(), kInboxBytes / 16 - head);
}

TEST_F(InboxTest, KeepsMessagesWholeWhereverTheRingBegins) {
    for (std::size_t size = 0; size <= kMaxText; size += 7) {
        const std::string text(size, static_cast<char>('a' + size % 26));
        ASSERT_EQ(writer_.offer({"ann", text}), Offer::accepted);
        ASSERT_EQ(reader_.take()->text, text) << size;
    }
}

TEST_F(InboxTest, GivesWhatIsLeftAfterItWasClosedAndTakesNothing) {
    EXPECT_EQ(writer_.offer({"ann", "last"}), Offer::accepted);
    EXPECT_FALSE(reader_.closed());
    writer_.close();
    writer_.close();
    EXPECT_EQ(writer_.offer({"ann", "too late"}), Offer::closed);
    EXPECT_TRUE(reader_.closed());
    EXPECT_EQ(reader_.take()->text, "last");
    EXPECT_FALSE(reader_.take());
}

TEST_F(InboxTest, KeepsTheOrderOfEachSenderAndLosesNothing) {
    constexpr int kSenders = 4;
    constexpr int kEach = 500;
    const auto send = [this](const std::string& name) {
        for (int number = 0; number < kEach;) {
            if (writer_.offer({name, std::to_string(number)}) == Offer::accepted)
                ++number;
            else
                writer_.wait_for_room(10s);
        }
    };
    std::array<std::jthread, kSenders> threads;
    for (int sender = 0; sender < kSenders; ++sender)
        threads.at(static_cast<std::size_t>(sender)) =
            std::jthread([&send, sender] { send(std::to_string(sender)); });
    std::array<int, kSenders> next{};
    for (int taken = 0; taken < kSenders * kEach;) {
        if (const auto message = reader_.take()) {
            ++taken;
            EXPECT_EQ(message->text, std::to_string(next.at(std::stoul(message->from))++));
        } else {
            reader_.wait(10s);
        }
    }
}

TEST_F(InboxTest, NobodyTakesWhatWasNeverSent) {
    EXPECT_EQ(writer_.offer({"ann", "one"}), Offer::accepted);
    for (const std::uint32_t lie : {40U, 0x7fffffffU, 0x80000000U}) {
        shared_.taken = lie;
        EXPECT_EQ(writer_.offer({"ann", "two"}), Offer::nonsense) << lie;
    }
}

TEST_F(InboxTest, WhatTheClientWritesOverTheServersNumbersIsNotBelieved) {
    EXPECT_EQ(writer_.offer({"ann", "one"}), Offer::accepted);
    shared_.written = 0xdeadbeef;
    shared_.bell = 0xffffffff;
    shared_.closed = 77;
    EXPECT_EQ(writer_.offer({"ann", "two"}), Offer::accepted);
    EXPECT_EQ(reader_.take()->text, "one");
    EXPECT_EQ(reader_.take()->text, "two");
}

TEST_F(InboxTest, TheClientTakesNothingForGrantedEither) {
    EXPECT_EQ(writer_.offer({"ann", "one"}), Offer::accepted);
    const std::uint32_t size = 0xffffffff;
    std::memcpy(shared_.bytes, &size, sizeof size);
    EXPECT_THROW(reader_.take(), std::runtime_error);
    shared_.written = kInboxBytes + 1;
    EXPECT_THROW(reader_.take(), std::runtime_error);
    shared_.written = 5;
    EXPECT_THROW(reader_.take(), std::runtime_error);
}

}  // namespace
}  // namespace lab::testing
