// What every completion source promises of cancelling, waking and waiting.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "part_b/tests/completion_source_fixture.hpp"

namespace lab::testing {
namespace {

template <class Source>
class CompletionSourceEnd : public CompletionSourceTest<Source> {};
TYPED_TEST_SUITE(CompletionSourceEnd, Sources);

TYPED_TEST(CompletionSourceEnd, CancelEndsEveryOperationOnADescriptor) {
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

TYPED_TEST(CompletionSourceEnd, CancelWithoutAnOperationReportsNothing) {
    this->source_.cancel(this->fd_);
    EXPECT_TRUE(this->quiet());
}

TYPED_TEST(CompletionSourceEnd, ANumberCanBeUsedAgainAfterACancel) {
    this->source_.submit({1, Kind::receive, this->fd_});
    this->source_.cancel(this->fd_);
    this->source_.submit({2, Kind::receive, this->fd_});
    EXPECT_EQ(this->only_report().id, 1u);
    ASSERT_TRUE(send_all(this->peer_, "new"));
    const Report report = this->only_report();
    EXPECT_EQ(report.id, 2u);
    EXPECT_EQ(report.data, "new");
}

TYPED_TEST(CompletionSourceEnd, WhatOutlivesItsDescriptorIsNotTakenForItsSuccessor) {
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

TYPED_TEST(CompletionSourceEnd, WakeEndsAWaitInAnotherThread) {
    const std::jthread waker([this] { this->source_.wake(); });
    EXPECT_TRUE(this->source_.wait(std::nullopt).empty());
}

TYPED_TEST(CompletionSourceEnd, AWakeBeforeTheWaitIsRemembered) {
    this->source_.wake();
    EXPECT_TRUE(this->source_.wait(std::nullopt).empty());
}

TYPED_TEST(CompletionSourceEnd, PatienceEndsAWait) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(this->source_.wait(std::chrono::milliseconds(20)).empty());
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
}

TYPED_TEST(CompletionSourceEnd, ADescriptorThatIsNoneIsAResult) {
    this->source_.submit({1, Kind::receive, 1'000'000});
    EXPECT_EQ(this->only_report().result, -EBADF);
}

}  // namespace
}  // namespace lab::testing
