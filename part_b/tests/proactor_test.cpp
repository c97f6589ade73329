// The proactor starts, dispatches, cancels and stops.
#include "part_b/proactor.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"
#include "part_b/epoll_source.hpp"

namespace lab {
namespace {

using namespace std::chrono_literals;

class ProactorTest : public testing::Test {
  protected:
    ProactorTest() {
        std::array<int, 2> ends{};
        checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
        fd_.reset(ends[0]);
        peer_.reset(ends[1]);
    }

    Proactor proactor_{std::make_unique<EpollSource>()};
    UniqueFd fd_, peer_;
};

TEST_F(ProactorTest, AnEchoServerIsTwoHandlers) {
    std::string kept;
    proactor_.async_receive(fd_.get(), [&](const Completion& received) {
        if (received.result <= 0)
            return proactor_.stop();
        kept = received.data;
        proactor_.async_send(fd_.get(), kept, [](const Completion&) {});
    });
    const std::jthread client([this] {
        std::array<char, 16> buffer{};
        EXPECT_TRUE(send_all(peer_.get(), "hello"));
        EXPECT_EQ(receive(peer_.get(), buffer), 5u);
        end_output(peer_.get());
    });
    proactor_.run();
    EXPECT_EQ(kept, "hello");
}

TEST_F(ProactorTest, DeferredTasksSeeTheWholeRound) {
    auto [other, other_peer] = [] {
        std::array<int, 2> ends{};
        checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
        return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
    }();
    std::vector<std::string> order;
    const auto note = [&](const Completion&) {
        order.push_back("received");
        proactor_.defer([&] {
            order.push_back("deferred");
            proactor_.stop();
        });
    };
    proactor_.async_receive(fd_.get(), note);
    proactor_.async_receive(other.get(), note);
    ASSERT_TRUE(send_all(peer_.get(), "x") && send_all(other_peer.get(), "x"));
    proactor_.run();
    EXPECT_EQ(order, (std::vector<std::string>{"received", "received", "deferred", "deferred"}));
}

TEST_F(ProactorTest, AHandlerMayDestroyWhatItBelongsTo) {
    struct Connection {
        std::string text = "a name that is too long to be kept inside the string itself";
    };
    auto connection = std::make_unique<Connection>();
    auto handler = [this, &connection, copy = std::string(100, 'x')](const Completion& end) {
        EXPECT_EQ(end.result, 0);
        connection.reset();
        EXPECT_EQ(copy.size(), 100u);  // the handler's own memory is still there
        proactor_.stop();
    };
    proactor_.async_receive(fd_.get(), handler);
    peer_.reset();
    proactor_.run();
    EXPECT_EQ(connection, nullptr);
}

TEST_F(ProactorTest, CancelCallsTheHandlersOneLastTime) {
    int result = 0;
    proactor_.async_receive(fd_.get(), [&](const Completion& end) {
        result = end.result;
        EXPECT_FALSE(end.more);
        proactor_.stop();
    });
    proactor_.post([this] { proactor_.cancel(fd_.get()); });
    proactor_.run();
    EXPECT_EQ(result, -ECANCELED);
}

TEST_F(ProactorTest, PostedTasksRunOnTheLoopInOrder) {
    std::vector<int> order;
    const auto poster = std::this_thread::get_id();
    std::jthread loop([this] { proactor_.run(); });
    for (int i = 0; i < 1'000; ++i)
        proactor_.post([&, i] {
            EXPECT_NE(std::this_thread::get_id(), poster);
            order.push_back(i);
        });
    proactor_.post([this] { proactor_.stop(); });
    loop.join();
    ASSERT_EQ(order.size(), 1'000u);
    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(ProactorTest, ATaskMayPostAnother) {
    proactor_.post([this] { proactor_.post([this] { proactor_.stop(); }); });
    proactor_.run();
}

TEST_F(ProactorTest, TimersRunInTheOrderOfTheirTimesAndNotBefore) {
    std::vector<int> order;
    const auto begin = Proactor::Clock::now();
    proactor_.after(20ms, [&] {
        order.push_back(2);
        proactor_.stop();
    });
    proactor_.after(0ms, [&] { order.push_back(1); });
    proactor_.run();
    EXPECT_EQ(order, (std::vector{1, 2}));
    EXPECT_GE(Proactor::Clock::now() - begin, 20ms);
}

TEST_F(ProactorTest, ACancelledTimerDoesNotRun) {
    const auto timer = proactor_.after(0ms, [] { ADD_FAILURE() << "was cancelled"; });
    proactor_.after(1ms, [this] { proactor_.stop(); });
    proactor_.cancel(timer);
    proactor_.run();
}

TEST_F(ProactorTest, StopEndsARunFromAnotherThread) {
    std::jthread loop([this] { proactor_.run(); });
    proactor_.stop();
    loop.join();
}

TEST_F(ProactorTest, AStopBeforeTheRunIsRemembered) {
    proactor_.stop();
    proactor_.run();
}

}  // namespace
}  // namespace lab
