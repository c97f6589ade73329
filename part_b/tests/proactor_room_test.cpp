// libproactor as a chat room, through its C interface.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "part_b/tests/running_proactor.hpp"

namespace lab::testing {
namespace {

TEST(ProactorRoom, ALineReachesAllOthersAndNotItsSender) {
    const Running proactor;
    const auto clients = room_of(proactor, 3);
    clients[0]->say("one\n");
    EXPECT_EQ(clients[1]->hear(), "one\n");
    EXPECT_EQ(clients[2]->hear(), "one\n");
    clients[1]->say("two\n");
    EXPECT_EQ(clients[0]->hear(), "two\n");
}

TEST(ProactorRoom, ConnectionsMadeBeforeItRunsAreServed) {
    proactor_t* const proactor = proactor_create(0);
    Client early(proactor_port(proactor)), other(proactor_port(proactor));
    early.say("early\n");
    std::jthread thread(proactor_thread, proactor);
    EXPECT_EQ(other.hear(), "early\n");
    proactor_destroy(proactor);
}

TEST(ProactorRoom, AnUnfinishedLineIsDeliveredWithANewline) {
    const Running proactor;
    const auto clients = room_of(proactor, 2);
    clients[0]->say("half a li");
    end_output(clients[0]->fd());
    EXPECT_EQ(clients[1]->hear(), "half a li\n");
    EXPECT_EQ(clients[0]->hear(), "");  // and it is hung up on
}

TEST(ProactorRoom, NulBytesAndLongLinesPassWhole) {
    const Running proactor;
    const auto clients = room_of(proactor, 2);
    std::string line(1 << 20, 'x');
    line[7] = '\0';
    line += '\n';
    const std::jthread sender([&] { clients[0]->say(line); });
    EXPECT_TRUE(clients[1]->hear() == line);
}

TEST(ProactorRoom, ALineWithoutAnEndEndsItsClientOnly) {
    const Running proactor;
    const auto clients = room_of(proactor, 3);
    const std::string endless((1 << 20) + 1, 'x');
    send_all(clients[0]->fd(), endless);
    EXPECT_EQ(clients[0]->hear(), "");
    clients[1]->say("still here\n");
    EXPECT_EQ(clients[2]->hear(), "still here\n");
}

TEST(ProactorRoom, AReaderThatNeverReadsDelaysNobodyAndIsDisconnected) {
    const Running proactor;
    const auto clients = room_of(proactor, 3);
    const std::string line = std::string(64 << 10, 'x') + '\n';
    for (int i = 0; i < 512; ++i) {  // 32 MiB; the third client reads nothing of it
        clients[0]->say(line);
        ASSERT_TRUE(clients[1]->hear() == line);
    }
    std::size_t heard = 0;
    while (clients[2]->hear() == line)
        ++heard;
    EXPECT_LT(heard, 512u);
}

TEST(ProactorRoom, AShortageOfDescriptorsPassesWithoutHarm) {
    const Running proactor;
    const auto clients = room_of(proactor, 2);
    rlimit before{};
    checked(::getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
    const UniqueFd next_free(checked(::dup(clients[0]->fd()), "dup"));
    // One more is allowed, and that is the newcomer's own: the server gets none for it.
    const rlimit shortage{static_cast<rlim_t>(next_free.get()) + 2, before.rlim_max};
    checked(::setrlimit(RLIMIT_NOFILE, &shortage), "setrlimit");
    Client newcomer(proactor.port());
    clients[0]->say("what shortage?\n");
    EXPECT_EQ(clients[1]->hear(), "what shortage?\n");
    checked(::setrlimit(RLIMIT_NOFILE, &before), "setrlimit");
    newcomer.say("at last\n");
    EXPECT_EQ(clients[0]->hear(), "at last\n");
}

TEST(ProactorRoom, TwoProactorsAreTwoRooms) {
    const Running first, second;
    const auto here = room_of(first, 2);
    const auto there = room_of(second, 2);
    here[0]->say("here\n");
    there[0]->say("there\n");
    EXPECT_EQ(here[1]->hear(), "here\n");
    EXPECT_EQ(there[1]->hear(), "there\n");
}

}  // namespace
}  // namespace lab::testing
