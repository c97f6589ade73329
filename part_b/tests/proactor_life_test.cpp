// What libproactor makes, it also ends: create, run, destroy.
#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

#include "part_b/tests/running_proactor.hpp"

namespace lab::testing {
namespace {

TEST(ProactorLife, WhoHasLeftKeepsNoDescriptor) {
    const Running proactor;
    const auto clients = room_of(proactor, 2);
    const std::size_t before = entries("/proc/self/fd");
    for (int i = 0; i < 10; ++i) {
        Client guest(proactor.port());
        guest.say("guest\n");
        EXPECT_EQ(clients[0]->hear(), "guest\n");
        EXPECT_EQ(clients[1]->hear(), "guest\n");
        end_output(guest.fd());
        EXPECT_EQ(guest.hear(), "");  // the server has closed its side
    }
    EXPECT_EQ(entries("/proc/self/fd"), before);
}

TEST(ProactorLife, DestroyWaitsForTheThreadAndLeavesNothing) {
    const std::size_t descriptors = entries("/proc/self/fd");
    for (int i = 0; i < 300; ++i) {
        proactor_t* const proactor = proactor_create(0);
        ASSERT_NE(proactor, nullptr);
        Client one(proactor_port(proactor)), other(proactor_port(proactor));
        std::jthread thread(proactor_thread, proactor);
        one.say("hello\n");
        ASSERT_EQ(other.hear(), "hello\n");
        proactor_destroy(proactor);
        EXPECT_EQ(other.hear(), "");
    }
    EXPECT_EQ(entries("/proc/self/fd"), descriptors);
}

TEST(ProactorLife, DestroyWorksWithoutARunAndAfterOne) {
    proactor_destroy(nullptr);
    proactor_destroy(proactor_create(0));
    proactor_t* const proactor = proactor_create(0);
    std::jthread thread(proactor_thread, proactor);
    proactor_stop(proactor);
    thread.join();
    proactor_destroy(proactor);
}

TEST(ProactorLife, WhatCannotBeIsNullAndErrno) {
    for (const int port : {-1, 65536}) {
        errno = 0;
        EXPECT_EQ(proactor_create(port), nullptr);
        EXPECT_EQ(errno, EINVAL);
    }
    proactor_t* const first = proactor_create(0);
    EXPECT_EQ(proactor_create(proactor_port(first)), nullptr);
    EXPECT_EQ(errno, EADDRINUSE);
    proactor_destroy(first);
    EXPECT_EQ(proactor_port(nullptr), -1);
    EXPECT_EQ(proactor_send(nullptr, 1, "", 0), -1);
    EXPECT_EQ(proactor_thread(nullptr), nullptr);
}

}  // namespace
}  // namespace lab::testing
