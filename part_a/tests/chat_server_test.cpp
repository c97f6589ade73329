// The chat: who hears what, in which order, and how clients come and go.
#include "part_a/chat_server.hpp"

#include "part_a/tests/chat_server_fixture.hpp"

namespace lab::testing {
namespace {

using namespace std::literals;

TEST_F(ChatServerTest, EveryLineReachesEveryOtherClientAndNotItsSender) {
    start();
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    LineClient& cid = enter(room);
    ann.say("hello\n");
    EXPECT_EQ(bob.hear(), "hello");
    EXPECT_EQ(cid.hear(), "hello");
    bob.say("hi\n");
    EXPECT_EQ(ann.hear(), "hi");  // and not "hello"
    EXPECT_EQ(cid.hear(), "hi");
}

TEST_F(ChatServerTest, OneMessageIsOneLineHoweverItsBytesWereSplit) {
    start();
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    for (const char byte : "one\ntwo\r\n\nthr"sv)
        bob.say({&byte, 1});
    bob.say("ee\nfour\nfi");
    bob.say("ve\n");
    for (const char* line : {"one", "two\r", "", "three", "four", "five"})
        EXPECT_EQ(ann.hear(), line);
}

TEST_F(ChatServerTest, LinesOfManySendersArriveWholeAndInTheOrderOfEach) {
    constexpr int kSenders = 4;
    constexpr int kLines = 300;
    start();
    Clients room;
    LineClient& ann = enter(room);
    for (int i = 0; i < kSenders; ++i)
        enter(room);
    {
        std::vector<std::jthread> senders;
        for (std::size_t who = 1; who <= kSenders; ++who)
            senders.emplace_back([&, who] {
                for (int i = 0; i < kLines; ++i)
                    room[who]->say(std::to_string(who) + ' ' + std::to_string(i) + '\n');
            });
    }
    std::array<int, kSenders + 1> next{};
    for (int i = 0; i < kSenders * kLines; ++i) {
        const std::string line = ann.hear();
        const std::size_t who = line.empty() ? 0 : static_cast<std::size_t>(line[0] - '0');
        ASSERT_TRUE(who >= 1 && who <= kSenders) << line;
        ASSERT_EQ(line, std::to_string(who) + ' ' + std::to_string(next[who]++));
    }
}

TEST_F(ChatServerTest, LongLinesAndNulBytesPassWhole) {
    start();
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    for (const std::size_t length : {std::size_t{64} << 10, Limits{}.line}) {
        std::string line(length, 'x');
        line[length / 2] = '\0';
        bob.say(line + '\n');
        EXPECT_TRUE(ann.hear() == line) << "of " << length << " bytes";
    }
}

TEST_F(ChatServerTest, ALineThatIsTooLongEndsItsSendersConnectionOnly) {
    start({.line = 1000});
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    LineClient& cid = enter(room);
    cid.say("fine\n" + std::string(1001, 'x'));
    EXPECT_EQ(ann.hear(), "fine");
    EXPECT_EQ(bob.hear(), "fine");
    EXPECT_EQ(cid.hear(), LineClient::kEnd);
    bob.say("still here\n");
    EXPECT_EQ(ann.hear(), "still here");
    // BEGIN SOLUTION
    EXPECT_TRUE(logs("client 3 was disconnected: it sent a line that is too long"));
    // END SOLUTION
}

TEST_F(ChatServerTest, AnUnfinishedLastLineIsDeliveredAndItsSenderLetGo) {
    start();
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    bob.say("good bye");
    bob.end_input();
    EXPECT_EQ(ann.hear(), "good bye");
    EXPECT_EQ(bob.hear(), LineClient::kEnd);
}

TEST_F(ChatServerTest, AClientThatEndsItsInputStillGetsWhatIsQueuedForIt) {
    const std::string line(99'999, 'x');
    constexpr int kLines = 40;
    start({.farewell = 60s});
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    LineClient& cid = enter(room);
    for (int i = 0; i < kLines; ++i) {
        cid.say(line + '\n');
        EXPECT_TRUE(ann.hear() == line);  // so it is queued for bob, too
    }
    bob.end_input();
    for (int i = 0; i < kLines; ++i)
        ASSERT_TRUE(bob.hear() == line) << "line " << i;
    EXPECT_EQ(bob.hear(), LineClient::kEnd);
}

// A line that was cut short by a reset may come, at any time, or not.
std::string hear_past(LineClient& client, std::string_view optional) {
    std::string line;
    do
        line = client.hear();
    while (line == optional);
    return line;
}

TEST_F(ChatServerTest, ClientsThatVanishDisturbNobody) {
    start();
    Clients room;
    LineClient& ann = enter(room);
    LineClient& bob = enter(room);
    for (int i = 0; i < 20; ++i) {
        LineClient rude(port());
        rude.say("present\nhalf a li");
        ASSERT_EQ(hear_past(ann, "half a li"), "present");
        ASSERT_EQ(hear_past(bob, "half a li"), "present");
        rude.reset();
        ann.say("next\n");
        ASSERT_EQ(hear_past(bob, "half a li"), "next");
    }
}

TEST_F(ChatServerTest, ServesIpv6ClientsWhereTheHostHasIpv6) {
    start();
    Clients room;
    LineClient& ann = enter(room);
    try {
        enter(room, "::1").say("hello\n");
    } catch (const std::runtime_error&) {
        GTEST_SKIP() << "this host has no IPv6";
    }
    EXPECT_EQ(ann.hear(), "hello");
}

}  // namespace
}  // namespace lab::testing
