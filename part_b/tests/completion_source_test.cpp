// One list of promises, kept by every completion source.
#include "part_b/completion_source.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"
#include "part_b/epoll_source.hpp"

namespace lab {
namespace {

using Kind = Operation::Kind;

std::pair<UniqueFd, UniqueFd> connected_pair() {
    std::array<int, 2> ends{};
    checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// What a Completion says, with the received bytes copied.
struct Report {
    OperationId id;
    int result;
    std::string data;
    bool more;
};

template <class Source>
class CompletionSourceTest : public testing::Test {
  protected:
    // Waits until there is something to report.
    std::vector<Report> reports() {
        std::vector<Report> all;
        while (all.empty())
            for (const Completion& each : source_.wait(std::nullopt))
                all.push_back({each.id, each.result, std::string(each.data), each.more});
        return all;
    }

    Report only_report() {
        const std::vector<Report> all = reports();
        EXPECT_EQ(all.size(), 1u);
        return all.front();
    }

    // Nothing is reported now.
    bool quiet() {
        source_.wake();
        return source_.wait(std::nullopt).empty();
    }

    Source source_;
    std::pair<UniqueFd, UniqueFd> pair_ = connected_pair();
    const int fd_ = pair_.first.get();
    const int peer_ = pair_.second.get();
};

using Sources = testing::Types<EpollSource>;
TYPED_TEST_SUITE(CompletionSourceTest, Sources);

TYPED_TEST(CompletionSourceTest, ReceivesWhatArrivesAgainAndAgain) {
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

TYPED_TEST(CompletionSourceTest, KeepsTheBytesOfAllCompletionsOfARound) {
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

TYPED_TEST(CompletionSourceTest, EndOfFileIsTheLastCompletionOfAReceive) {
    this->source_.submit({1, Kind::receive, this->fd_});
    ASSERT_TRUE(send_all(this->peer_, "bye"));
    end_output(this->peer_);
    EXPECT_EQ(this->only_report().data, "bye");
    const Report end = this->only_report();
    EXPECT_EQ(end.result, 0);
    EXPECT_FALSE(end.more);
    EXPECT_TRUE(this->quiet());
}

TYPED_TEST(CompletionSourceTest, APeerThatHungUpIsReportedOnceAndNotAgain) {
    this->source_.submit({1, Kind::receive, this->fd_});
    this->pair_.second.reset();
    EXPECT_FALSE(this->only_report().more);
    EXPECT_TRUE(this->quiet());
}

TYPED_TEST(CompletionSourceTest, SendsAndTellsHowMuch) {
    this->source_.submit({7, Kind::send, this->fd_, "hello"});
    const Report report = this->only_report();
    EXPECT_EQ(report.id, 7u);
    EXPECT_EQ(report.result, 5);
    EXPECT_FALSE(report.more);
    std::array<char, 16> buffer{};
    EXPECT_EQ(receive(this->peer_, buffer), 5u);
}

TYPED_TEST(CompletionSourceTest, ASendToAFullSocketCompletesWhenThereIsRoom) {
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

TYPED_TEST(CompletionSourceTest, ASendToNobodyFailsWithoutASignal) {
    this->pair_.second.reset();
    this->source_.submit({1, Kind::send, this->fd_, "hello"});
    EXPECT_EQ(this->only_report().result, -EPIPE);
}

TYPED_TEST(CompletionSourceTest, ReceivesAndSendsAtTheSameTimeOnOneDescriptor) {
    this->source_.submit({1, Kind::receive, this->fd_});
    this->source_.submit({2, Kind::send, this->fd_, "ping"});
    EXPECT_EQ(this->only_report().id, 2u);
    ASSERT_TRUE(send_all(this->peer_, "pong"));
    EXPECT_EQ(this->only_report().data, "pong");
}

TYPED_TEST(CompletionSourceTest, ReadableIsReportedOnceAndLeavesTheDataThere) {
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

TYPED_TEST(CompletionSourceTest, EndOfFileIsReadable) {
    this->pair_.second.reset();
    this->source_.submit({1, Kind::readable, this->fd_});
    EXPECT_EQ(this->only_report().result, 0);
}

TYPED_TEST(CompletionSourceTest, AcceptsEveryConnection) {
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

TYPED_TEST(CompletionSourceTest, CancelEndsEveryOperationOnADescriptor) {
    const std::string block(8 << 20, 'x');
    this->source_.submit({1, Kind::send, this->fd_, block});
    EXPECT_GT(this->only_report().result, 0);
    this->source_.submit({2, Kind::send, this->fd_, block});
    this->source_.submit({3, Kind::receive, this->fd_});
    EXPECT_TRUE(this->quiet());
    this->source_.cancel(this->fd_);
    std::vector<Report> ends;
    while (ends.size() < 2)
        for (const Report& report : this->reports())
            ends.push_back(report);
    for (const Report& end : ends) {
        EXPECT_EQ(end.result, -ECANCELED);
        EXPECT_FALSE(end.more);
    }
    EXPECT_NE(ends[0].id, ends[1].id);
    ASSERT_TRUE(send_all(this->peer_, "nobody waits for this"));
    EXPECT_TRUE(this->quiet());
}

TYPED_TEST(CompletionSourceTest, CancelWithoutAnOperationReportsNothing) {
    this->source_.cancel(this->fd_);
    EXPECT_TRUE(this->quiet());
}

TYPED_TEST(CompletionSourceTest, ANumberCanBeUsedAgainAfterACancel) {
    this->source_.submit({1, Kind::receive, this->fd_});
    this->source_.cancel(this->fd_);
    this->source_.submit({2, Kind::receive, this->fd_});
    EXPECT_EQ(this->only_report().id, 1u);
    ASSERT_TRUE(send_all(this->peer_, "new"));
    const Report report = this->only_report();
    EXPECT_EQ(report.id, 2u);
    EXPECT_EQ(report.data, "new");
}

TYPED_TEST(CompletionSourceTest, WhatOutlivesItsDescriptorIsNotTakenForItsSuccessor) {
    const UniqueFd copy(checked(::dup(this->fd_), "dup"));  // keeps the file open, and in epoll
    this->source_.submit({1, Kind::readable, this->fd_});
    auto [successor, its_peer] = connected_pair();
    checked(::dup2(successor.get(), this->fd_), "dup2");  // closes and opens the number
    this->source_.cancel(this->fd_);
    EXPECT_EQ(this->only_report().result, -ECANCELED);
    this->source_.submit({2, Kind::readable, this->fd_});
    ASSERT_TRUE(send_all(this->peer_, "to the old file"));
    EXPECT_TRUE(this->quiet());
    ASSERT_TRUE(send_all(its_peer.get(), "to the new one"));
    EXPECT_EQ(this->only_report().id, 2u);
}

TYPED_TEST(CompletionSourceTest, WakeEndsAWaitInAnotherThread) {
    const std::jthread waker([this] { this->source_.wake(); });
    EXPECT_TRUE(this->source_.wait(std::nullopt).empty());
}

TYPED_TEST(CompletionSourceTest, AWakeBeforeTheWaitIsRemembered) {
    this->source_.wake();
    EXPECT_TRUE(this->source_.wait(std::nullopt).empty());
}

TYPED_TEST(CompletionSourceTest, PatienceEndsAWait) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(this->source_.wait(std::chrono::milliseconds(20)).empty());
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
}

TYPED_TEST(CompletionSourceTest, ADescriptorThatIsNoneIsAResult) {
    this->source_.submit({1, Kind::receive, 1'000'000});
    EXPECT_EQ(this->only_report().result, -EBADF);
}

}  // namespace
}  // namespace lab
