// The programs: what they print is what the grader and the sheet rely on.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "bonus/layout.hpp"
#include "bonus/tests/programs_fixture.hpp"

namespace lab::testing {
namespace {

TEST_F(ProgramsTest, TwoClientsFindEachOtherAndTalk) {
    std::string ann_key;
    std::string bob_key;
    Program ann = enter("ann", ann_key);
    Program bob = enter("bob", bob_key);
    bob.type("list\n");
    EXPECT_EQ(bob.hear(), ann_key + " ann");
    EXPECT_EQ(bob.hear(), bob_key + " bob");
    EXPECT_EQ(bob.hear(), "end of list");
    bob.type("send " + ann_key + " hello,  ann \xff\n");
    EXPECT_EQ(bob.hear(), "sent to " + ann_key);
    EXPECT_EQ(ann.hear(), "from bob: hello,  ann \xff");
    ann.type("quit\n");
    EXPECT_EQ(ann.hear(), "unregistered ann");
    EXPECT_EQ(ann.status(), 0);
    bob.type("send " + ann_key + " still there?\n");
    EXPECT_EQ(bob.hear(), "error: nobody has the key " + ann_key);
    bob.end_input();
    EXPECT_EQ(bob.hear(), "unregistered bob");
    EXPECT_EQ(bob.status(), 0);
}

TEST_F(ProgramsTest, ANameThatIsRefusedIsAskedForAgain) {
    std::string key;
    const Program ann = enter("ann", key);
    Program other = start_client("ann");
    EXPECT_EQ(other.hear(), "error: the name ann is taken");
    other.type("a b\n\nbob");
    EXPECT_EQ(other.hear(), "error: a name is 1 to 31 letters, digits, '_' or '-'");
    EXPECT_EQ(other.hear(), "error: a name is 1 to 31 letters, digits, '_' or '-'");
    other.end_input();
    EXPECT_TRUE(other.hear().starts_with("registered bob "));
    EXPECT_EQ(other.hear(), "unregistered bob");
    EXPECT_EQ(other.status(), 0);
}

TEST_F(ProgramsTest, WhoNeverGetsANameEndsWithStatus1) {
    Program nobody = start_client("a b");
    nobody.end_input();
    EXPECT_TRUE(nobody.hear().starts_with("error: "));
    EXPECT_EQ(nobody.hear(), Program::kEnd);
    EXPECT_EQ(nobody.status(), 1);
}

TEST_F(ProgramsTest, MistakesAreErrorsAndTheClientGoesOn) {
    std::string key;
    Program ann = enter("ann", key);
    const std::string longest(kMaxText, 'x');
    ann.type("send 7 x\nsend " + key + " " + longest + "x\nwhat\nsend ann x\n");
    EXPECT_EQ(ann.hear(), "error: nobody has the key 7");
    EXPECT_EQ(ann.hear(), "error: the text is too long, 4096 bytes are the most");
    EXPECT_EQ(ann.hear(), "error: there is no such command; try help");
    EXPECT_EQ(ann.hear(), "error: a key is a number; list shows them");
    ann.type("send " + key + " " + longest + "\n");
    EXPECT_EQ(ann.hear_of("from"), "from ann: " + longest);
}

TEST_F(ProgramsTest, ANameIsFreeAgainAsSoonAsItsClientHasLeft) {
    for (int round = 0; round < 20; ++round) {
        std::string key;
        Program ann = enter("ann", key);
        ann.end_input();
        EXPECT_EQ(ann.hear(), "unregistered ann");
    }
}

TEST_F(ProgramsTest, WhoLeavesStillPrintsWhatWasAcceptedForHim) {
    std::string key;
    Program ann = enter("ann", key);
    std::string bob_key;
    Program bob = enter("bob", bob_key);
    ann.suspend();
    for (int number = 0; number < 100; ++number)
        bob.type("send " + key + " " + std::to_string(number) + "\n");
    for (int number = 0; number < 100; ++number)
        EXPECT_EQ(bob.hear(), "sent to " + key);
    ann.end_input();
    ann.signal(SIGCONT);
    for (int number = 0; number < 100; ++number)
        EXPECT_EQ(ann.hear(), "from bob: " + std::to_string(number));
    EXPECT_EQ(ann.hear(), "unregistered ann");
}

TEST_F(ProgramsTest, AFullInboxIsWaitedForAndThenAnError) {
    std::string key;
    const Program ann = enter("ann", key);
    std::string bob_key;
    Program bob = enter("bob", bob_key);
    ann.suspend();
    for (int number = 0; number < 16; ++number)
        bob.type("send " + key + " " + std::string(kMaxText, 'x') + "\n");
    for (int number = 0; number < 15; ++number)
        EXPECT_EQ(bob.hear(), "sent to " + key);
    EXPECT_EQ(bob.hear(), "error: the inbox of " + key + " is full");
}

TEST_F(ProgramsTest, TheListHasAsManyAsThereAre) {
    std::vector<Program> clients;
    for (int number = 0; number < 100; ++number) {
        std::string key;
        clients.push_back(enter("client" + std::to_string(number), key));
    }
    clients[0].type("list\n");
    for (int number = 0; number < 100; ++number)
        EXPECT_TRUE(clients[0].hear().ends_with(" client" + std::to_string(number)));
    EXPECT_EQ(clients[0].hear(), "end of list");
}

TEST_F(ProgramsTest, WhenNobodyTalksNothingLiesInSharedMemoryButTheConnectChannel) {
    const auto threads = count_in("task");
    const auto descriptors = count_in("fd");
    std::string key;
    Program ann = enter("ann", key);
    EXPECT_EQ(names_left(), 1);
    EXPECT_EQ(count_in("task"), threads + 1);
    ann.end_input();
    EXPECT_EQ(ann.status(), 0);
    EXPECT_TRUE(eventually([&] { return count_in("task") == threads; }));
    EXPECT_TRUE(eventually([&] { return count_in("fd") == descriptors; }));
}

TEST_F(ProgramsTest, SignalsEndTheServerAndNothingIsLeft) {
    for (const int number : {SIGINT, SIGTERM}) {
        Program server({"server", channel_ + "-2"});
        EXPECT_EQ(server.hear(), "Listening on channel: [" + channel_ + "-2]");
        Program ann({"client", "--channel", channel_ + "-2", "ann"});
        EXPECT_TRUE(ann.hear().starts_with("registered"));
        server.signal(number);
        EXPECT_EQ(server.status(), 0);
        EXPECT_EQ(ann.complaint(), "the server has gone\n");
        EXPECT_EQ(ann.status(), 1);
        EXPECT_EQ(names_left(), 1) << "that of the other server";
    }
}

TEST_F(ProgramsTest, AChannelHasOneServer) {
    Program second({"server", channel_});
    EXPECT_EQ(second.complaint(), "a server is already running on channel " + channel_ + "\n");
    EXPECT_EQ(second.status(), 1);
    std::string key;
    enter("ann", key);
}

TEST_F(ProgramsTest, WithoutAServerAClientSaysSo) {
    Program ann({"client", "--channel", channel_ + "-2", "ann"});
    EXPECT_EQ(ann.complaint(), "there is no server on channel " + channel_ + "-2\n");
    EXPECT_EQ(ann.status(), 1);
}

TEST_F(ProgramsTest, TheLogHasALineForEachAction) {
    std::string key;
    Program ann = enter("ann", key);
    ann.type("list\nsend " + key + " hi\nsend 7 x\nquit\n");
    EXPECT_EQ(ann.status(), 0);
    const std::string time = "2030-01-31 23:59:59.999 ";
    const std::vector<std::string> actions = {
        "register " + key,
        "hello done",
        "list 1 clients",
        "send 2 bytes to " + key + " accepted",
        "send refused: nobody has the key 7",
        "unregister done",
        "end left",
    };
    for (const std::string& action : actions) {
        const std::string line = server_.hear();
        EXPECT_EQ(line.substr(std::min(line.size(), time.size())), "ann " + action);
    }
}

}  // namespace
}  // namespace lab::testing
