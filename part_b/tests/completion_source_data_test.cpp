// What every completion source promises of bytes and connections.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/socket.hpp"
#include "part_b/tests/completion_source_fixture.hpp"

namespace lab::testing {
namespace {

template <class Source>
class CompletionSourceData : public CompletionSourceTest<Source> {};
TYPED_TEST_SUITE(CompletionSourceData, Sources);

TYPED_TEST(CompletionSourceData, ReceivesWhatArrivesAgainAndAgain) {
    this->source_.submit({1, Kind::receive, this->fd_});
    for (const std::string text : {"one", "two"}) {
        ASSERT_TRUE(send_all(this->peer_, text));
        const Report report = this->only_report();
        EXPECT_EQ(report.id, 1u);
        EXPECT_EQ(report.result, 3);
        EXPECT_EQ(report.data, text);
        EXPECT_TRUE(report.more);
    }
}

TYPED_TEST(CompletionSourceData, KeepsTheBytesOfAllCompletionsOfARound) {
    constexpr std::size_t kPairs = 40;  // together more than an arena of 1 MiB
    const std::string block(40'000, 'x');
    std::vector<std::pair<UniqueFd, UniqueFd>> pairs;
    std::size_t received = 0;
    for (OperationId i = 0; i < kPairs; ++i) {
        pairs.push_back(connected_pair());
        this->source_.submit({i, Kind::receive, pairs.back().first.get()});
        ASSERT_TRUE(send_all(pairs.back().second.get(), block));
    }
    while (received < kPairs * block.size())
        for (const Report& report : this->reports()) {
            EXPECT_EQ(report.data, block.substr(0, report.data.size()));
            received += report.data.size();
        }
    EXPECT_EQ(received, kPairs * block.size());
}

TYPED_TEST(CompletionSourceData, EndOfFileIsTheLastCompletionOfAReceive) {
    this->source_.submit({1, Kind::receive, this->fd_});
    ASSERT_TRUE(send_all(this->peer_, "bye"));
    end_output(this->peer_);
    EXPECT_EQ(this->only_report().data, "bye");
    const Report end = this->only_report();
    EXPECT_EQ(end.result, 0);
    EXPECT_FALSE(end.more);
    EXPECT_TRUE(this->quiet());
}

TYPED_TEST(CompletionSourceData, APeerThatHungUpIsReportedOnceAndNotAgain) {
    this->source_.submit({1, Kind::receive, this->fd_});
    this->pair_.second.reset();
    EXPECT_FALSE(this->only_report().more);
    EXPECT_TRUE(this->quiet());
}

TYPED_TEST(CompletionSourceData, SendsAndTellsHowMuch) {
    this->source_.submit({7, Kind::send, this->fd_, "hello"});
    const Report report = this->only_report();
    EXPECT_EQ(report.id, 7u);
    EXPECT_EQ(report.result, 5);
    EXPECT_FALSE(report.more);
    std::array<char, 16> buffer{};
    EXPECT_EQ(receive(this->peer_, buffer), 5u);
}

TYPED_TEST(CompletionSourceData, ASendToAFullSocketCompletesWhenThereIsRoom) {
    const std::string block(1 << 20, 'x');
    OperationId id = 0;
    std::size_t taken = 0;
    for (;;) {
        this->source_.submit({++id, Kind::send, this->fd_, block});
        this->source_.wake();
        const auto completions = this->source_.wait(std::nullopt);
        if (completions.empty() && this->quiet())
            break;  // this one has to wait
        for (const Completion& each : completions)
            taken += static_cast<std::size_t>(each.result);
    }
    std::string buffer(taken, '\0');
    for (std::size_t got = 0; got < taken;)
        got += receive(this->peer_, std::span(buffer).subspan(got));
    const Report report = this->only_report();
    EXPECT_EQ(report.id, id);
    EXPECT_GT(report.result, 0);
}

TYPED_TEST(CompletionSourceData, ASendToNobodyFailsWithoutASignal) {
    this->pair_.second.reset();
    this->source_.submit({1, Kind::send, this->fd_, "hello"});
    EXPECT_EQ(this->only_report().result, -EPIPE);
}

TYPED_TEST(CompletionSourceData, ReceivesAndSendsAtTheSameTimeOnOneDescriptor) {
    this->source_.submit({1, Kind::receive, this->fd_});
    this->source_.submit({2, Kind::send, this->fd_, "ping"});
    EXPECT_EQ(this->only_report().id, 2u);
    ASSERT_TRUE(send_all(this->peer_, "pong"));
    EXPECT_EQ(this->only_report().data, "pong");
}

TYPED_TEST(CompletionSourceData, ReadableIsReportedOnceAndLeavesTheDataThere) {
    ASSERT_TRUE(send_all(this->peer_, "data"));
    for (const OperationId id : {1u, 2u}) {
        this->source_.submit({id, Kind::readable, this->fd_});
        const Report report = this->only_report();
        EXPECT_EQ(report.id, id);
        EXPECT_EQ(report.result, 0);
        EXPECT_FALSE(report.more);
        EXPECT_TRUE(this->quiet());
    }
    std::array<char, 16> buffer{};
    EXPECT_EQ(receive(this->fd_, buffer), 4u);
}

TYPED_TEST(CompletionSourceData, EndOfFileIsReadable) {
    this->pair_.second.reset();
    this->source_.submit({1, Kind::readable, this->fd_});
    EXPECT_EQ(this->only_report().result, 0);
}

TYPED_TEST(CompletionSourceData, AcceptsEveryConnection) {
    const UniqueFd listener = listen_on(0);
    this->source_.submit({1, Kind::accept, listener.get()});
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(connect_to("127.0.0.1", local_port(listener.get())));
    for (std::size_t accepted = 0; accepted < clients.size();)
        for (const Report& report : this->reports()) {
            ASSERT_GE(report.result, 0);
            EXPECT_TRUE(report.more);
            const UniqueFd socket(report.result);
            EXPECT_TRUE(send_all(socket.get(), "x"));
            ++accepted;
        }
    std::array<char, 1> buffer{};
    for (const UniqueFd& client : clients)
        EXPECT_EQ(receive(client.get(), buffer), 1u);
}

}  // namespace
}  // namespace lab::testing
