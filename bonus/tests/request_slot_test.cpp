// A request and its one reply, whoever dies, gives up or writes rubbish.
#include "bonus/request_slot.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "bonus/tests/shared_memory.hpp"

namespace lab::testing {
namespace {

using namespace std::literals;

constexpr auto kLong = 10s;  // never waited for where all is well

class RequestSlotTest : public TwoEnds<ConnectLayout> {
  protected:
    SlotLayout& shared_ = client_->slot;
    RequestSlot client_end_{shared_};
    RequestSlot server_end_{server_->slot};
};

TEST_F(RequestSlotTest, CarriesARequestAndItsReply) {
    const std::string text("two\0parts\xff", 10);
    client_end_.begin({.action = Action::send, .key = 7, .text = text});
    const auto request = server_end_.next(kLong);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->action, Action::send);
    EXPECT_EQ(request->key, 7U);
    EXPECT_EQ(request->text, text);
    server_end_.answer({.result = Result::refused, .key = 8, .text = "no"});
    const auto reply = client_end_.wait_for_reply(kLong);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->result, Result::refused);
    EXPECT_EQ(reply->key, 8U);
    EXPECT_EQ(reply->text, "no");
}

TEST_F(RequestSlotTest, GivesNothingWhereThereIsNothing) {
    EXPECT_FALSE(server_end_.next(0ms));
    client_end_.begin({.action = Action::list});
    EXPECT_FALSE(client_end_.wait_for_reply(0ms));
    ASSERT_TRUE(server_end_.next(0ms));
    server_end_.answer({.result = Result::done});
    EXPECT_FALSE(server_end_.next(0ms)) << "a request is served once";
}

TEST_F(RequestSlotTest, WakesWhoWaits) {
    const std::jthread server([this] {
        for (int round = 0; round < 100; ++round) {
            std::optional<Request> request;
            while (!(request = server_end_.next(kLong)))
                continue;
            server_end_.answer({.result = Result::done, .key = request->key + 1});
        }
    });
    for (Key round = 0; round < 100; ++round) {
        client_end_.begin({.action = Action::send, .key = round});
        std::optional<Reply> reply;
        while (!(reply = client_end_.wait_for_reply(kLong)))
            continue;
        EXPECT_EQ(reply->key, round + 1);
    }
}

TEST_F(RequestSlotTest, ATextOfTheGreatestLengthPasses) {
    client_end_.begin({.action = Action::send, .text = std::string(kMaxText, 'x')});
    const auto request = server_end_.next(kLong);
    EXPECT_FALSE(request->too_long);
    EXPECT_EQ(request->text.size(), kMaxText);
}

TEST_F(RequestSlotTest, ALongerTextIsStatedButNotCarried) {
    client_end_.begin({.action = Action::send, .text = std::string(kMaxText + 1, 'x')});
    const auto request = server_end_.next(kLong);
    EXPECT_TRUE(request->too_long);
    EXPECT_EQ(request->text, "");
    EXPECT_EQ(shared_.reply.text[0], '\0') << "what lies behind the text is untouched";
}

TEST_F(RequestSlotTest, TheReplyToOneWhoDiedIsNotTakenByTheNext) {
    client_end_.begin({.action = Action::send, .key = 1});
    ASSERT_TRUE(server_end_.next(kLong));
    RequestSlot next_client(shared_);
    next_client.begin({.action = Action::send, .key = 2});
    server_end_.answer({.result = Result::done, .key = 1});
    EXPECT_FALSE(next_client.wait_for_reply(0ms));
    EXPECT_EQ(server_end_.next(kLong)->key, 2U);
    server_end_.answer({.result = Result::done, .key = 2});
    EXPECT_EQ(next_client.wait_for_reply(kLong)->key, 2U);
}

TEST_F(RequestSlotTest, ASlotIsTakenOverInWhateverStateItWasLeft) {
    for (const std::uint32_t left : {0U, 1U, 2U, 3U, 0xffffffffU, 0xfffffffdU}) {
        shared_.word = left;
        RequestSlot newcomer(shared_);
        newcomer.begin({.action = Action::list, .key = left});
        ASSERT_TRUE(server_end_.next(kLong));
        server_end_.answer({.result = Result::done, .key = left});
        EXPECT_EQ(newcomer.wait_for_reply(kLong)->key, left);
    }
}

TEST_F(RequestSlotTest, TheServerTakesNoSizeAndNoActionForGranted) {
    client_end_.begin({.action = Action::send, .text = "hello"});
    for (const std::uint32_t size : {4097U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        shared_.request.size = size;
        EXPECT_TRUE(server_end_.next(0ms)->too_long) << size;
    }
    shared_.request.action = 0xdeadbeef;
    EXPECT_EQ(static_cast<std::uint32_t>(server_end_.next(0ms)->action), 0xdeadbeef);
    shared_.word = 0xffffffff;
    EXPECT_FALSE(server_end_.next(0ms));
}

TEST_F(RequestSlotTest, TheClientTakesNoReplyForGranted) {
    const auto spoil = [&](std::atomic<std::uint32_t>& field, std::uint32_t value) {
        client_end_.begin({.action = Action::list});
        ASSERT_TRUE(server_end_.next(0ms));
        server_end_.answer({.result = Result::done});
        field = value;
        EXPECT_THROW(client_end_.wait_for_reply(0ms), std::runtime_error);
    };
    spoil(shared_.reply.size, kMaxText + 1);
    spoil(shared_.reply.result, 0);
    spoil(shared_.reply.result, 99);
}

}  // namespace
}  // namespace lab::testing
