// Sockets: each expected end is a value, and each surprise names its step.
#include "common/socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <system_error>
#include <thread>
#include <vector>

#include "common/error.hpp"

namespace {

using lab::Accepted;
using lab::UniqueFd;
using Outcome = lab::Accepted::Outcome;

struct Pair {
    UniqueFd client;
    UniqueFd server;
};

Pair connected_pair() {
    const UniqueFd listener = lab::listen_on(0);
    UniqueFd client = lab::connect_to("127.0.0.1", lab::local_port(listener.get()));
    return {std::move(client), lab::accept_from(listener.get()).socket};
}

std::string receive_all(int fd) {
    std::string all;
    std::array<char, 4096> buffer;
    while (const std::size_t count = lab::receive(fd, buffer))
        all.append(buffer.data(), count);
    return all;
}

std::string reason_of(const auto& action) {
    try {
        action();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing was thrown";
}

// Leaves this process no free descriptor for as long as it lives.
class NoFreeDescriptor {
  public:
    NoFreeDescriptor() {
        lab::checked(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
        rlimit tight = before_;
        tight.rlim_cur = 0;
        lab::checked(::setrlimit(RLIMIT_NOFILE, &tight), "setrlimit");
    }
    ~NoFreeDescriptor() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST(Socket, ListensOnIpv4AndWhereTheHostHasItOnIpv6) {
    const UniqueFd listener = lab::listen_on(0);
    const std::uint16_t port = lab::local_port(listener.get());
    EXPECT_NE(port, 0);
    EXPECT_TRUE(lab::connect_to("127.0.0.1", port));
    const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM, 0));
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&own), &size);
    EXPECT_EQ(own.ss_family, probe ? AF_INET6 : AF_INET);
}

TEST(Socket, APortInUseIsReportedWithItsNumber) {
    const UniqueFd listener = lab::listen_on(0);
    const std::uint16_t port = lab::local_port(listener.get());
    EXPECT_EQ(reason_of([&] { lab::listen_on(port); }),
              "cannot listen on port " + std::to_string(port) + ": Address already in use");
}

TEST(Socket, APortIsFreeAgainAtOnceWhenItsServerHasClosedItsConnections) {
    UniqueFd listener = lab::listen_on(0);
    const std::uint16_t port = lab::local_port(listener.get());
    const UniqueFd client = lab::connect_to("127.0.0.1", port);
    UniqueFd accepted = lab::accept_from(listener.get()).socket;
    accepted.reset();  // the server closes first: its side is the one in TIME_WAIT
    EXPECT_EQ(receive_all(client.get()), "");
    lab::hang_up(client.get());
    listener.reset();
    EXPECT_EQ(lab::local_port(lab::listen_on(port).get()), port);
}

TEST(Socket, ARefusedConnectionIsReportedWithHostAndPort) {
    const std::uint16_t port = lab::local_port(lab::listen_on(0).get());
    EXPECT_EQ(reason_of([&] { lab::connect_to("127.0.0.1", port); }),
              "cannot connect to 127.0.0.1 port " + std::to_string(port) + ": Connection refused");
}

TEST(Socket, AnUnknownHostIsReportedWithItsName) {
    const std::string host = "no host has " + std::string(300, 'x');  // too long for any resolver
    EXPECT_EQ(reason_of([&] { lab::connect_to(host, 1); }).find("cannot find host " + host), 0u);
}

TEST(Socket, AcceptedSocketsAreOfTheModeAskedForAndEndWithAnExec) {
    const UniqueFd listener = lab::listen_on(0);
    const std::uint16_t port = lab::local_port(listener.get());
    const UniqueFd first = lab::connect_to("127.0.0.1", port);
    const UniqueFd second = lab::connect_to("127.0.0.1", port);
    const Accepted blocking = lab::accept_from(listener.get());
    const Accepted other = lab::accept_from(listener.get(), lab::Blocking::no);
    EXPECT_EQ(::fcntl(blocking.socket.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(other.socket.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(blocking.socket.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Socket, AcceptTellsWhatItCameTo) {
    const UniqueFd listener = lab::listen_on(0);
    ::fcntl(listener.get(), F_SETFL, O_NONBLOCK);
    EXPECT_EQ(lab::accept_from(listener.get()).outcome, Outcome::try_again);
    const UniqueFd client = lab::connect_to("127.0.0.1", lab::local_port(listener.get()));
    {
        const NoFreeDescriptor shortage;
        EXPECT_EQ(lab::accept_from(listener.get()).outcome, Outcome::exhausted);
    }
    EXPECT_EQ(lab::accept_from(listener.get()).outcome, Outcome::connection);
    lab::hang_up(listener.get());
    EXPECT_EQ(lab::accept_from(listener.get()).outcome, Outcome::closed);
    EXPECT_THROW(lab::accept_from(-1), std::system_error);
}

TEST(Socket, HangingUpWakesWhoWaitsForAClientOrForBytes) {
    const UniqueFd listener = lab::listen_on(0);
    std::jthread acceptor(
        [&] { EXPECT_EQ(lab::accept_from(listener.get()).outcome, Outcome::closed); });
    lab::hang_up(listener.get());
    const Pair pair = connected_pair();
    const std::jthread reader([&] { EXPECT_EQ(receive_all(pair.server.get()), ""); });
    lab::hang_up(pair.server.get());
}

TEST(Socket, HangingUpWakesASendToAPeerThatNeverReads) {
    const Pair pair = connected_pair();
    const std::string too_much(64 << 20, 'x');
    const std::jthread sender([&] { EXPECT_FALSE(lab::send_all(pair.server.get(), too_much)); });
    std::array<char, 1> byte;
    EXPECT_EQ(lab::receive(pair.client.get(), byte), 1u);  // the send is under way
    lab::hang_up(pair.server.get());
}

TEST(Socket, SendsEveryByteAndEndsOnlyItsOwnDirection) {
    const Pair pair = connected_pair();
    const std::string much(8 << 20, 'y');
    const std::jthread sender([&] {
        EXPECT_TRUE(lab::send_all(pair.client.get(), much));
        lab::end_output(pair.client.get());
    });
    EXPECT_EQ(receive_all(pair.server.get()), much);
    EXPECT_TRUE(lab::send_all(pair.server.get(), "still here"));
    lab::end_output(pair.server.get());
    EXPECT_EQ(receive_all(pair.client.get()), "still here");
}

TEST(Socket, APeerThatHasGoneIsAnAnswerAndNoSignal) {
    Pair pair = connected_pair();
    pair.client.reset();
    while (lab::send_all(pair.server.get(), "anybody?")) {
    }
    EXPECT_EQ(receive_all(pair.server.get()), "");
}

TEST(Socket, WhatIsDiscardedEndsWithAReset) {
    Pair pair = connected_pair();
    lab::discard_unsent(pair.server.get());
    pair.server.reset();
    std::array<char, 1> byte;
    EXPECT_EQ(::recv(pair.client.get(), byte.data(), byte.size(), 0), -1);
    EXPECT_EQ(errno, ECONNRESET);
}

TEST(Socket, TheDescriptorLimitIsRaisedToTheHardOne) {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit low = before;
    low.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &low);
    lab::raise_descriptor_limit();
    rlimit after{};
    ::getrlimit(RLIMIT_NOFILE, &after);
    EXPECT_EQ(after.rlim_cur, before.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
