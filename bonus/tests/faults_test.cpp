// Clients that are killed or hostile, and servers that are killed: nobody else is disturbed.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <random>

#include "bonus/client_channel.hpp"
#include "bonus/mapping.hpp"
#include "bonus/tests/programs_fixture.hpp"
#include "bonus/turn.hpp"

namespace lab::testing {
namespace {

using namespace std::literals;

// A client that maps its channel as any program may, and keeps no rule.
class Intruder {
  public:
    Intruder(const std::string& channel, const std::string& name)
        : key_(request_name(channel, name)->key),
          segment_(std::move(*SegmentFile::open(comm_segment_name(channel, key_)))) {}

    void say_hello() {
        EXPECT_TRUE(file().hold(Side::client));
        begin({.action = Action::hello});
        EXPECT_TRUE(eventually([this] { return (segment_->slot.word & 3) == 2; }));
    }

    void begin(const Request& request) { RequestSlot(segment_->slot).begin(request); }
    CommLayout& layout() { return *segment_.operator->(); }
    SegmentFile& file() { return segment_.file(); }
    Key key() const { return key_; }

    // Waits until the server has nothing to do with it any more.
    bool is_dropped() {
        return eventually([this] { return !file().held_by_another(Side::server); });
    }

  private:
    const Key key_;
    Segment<CommLayout> segment_;
};

class FaultsTest : public ProgramsTest {
  protected:
    bool may_have(const std::string& name) {
        return request_name(channel_, name)->result == Result::done;
    }

    // Nobody is disturbed: two clients come, talk and leave.
    void expect_that_all_is_well() {
        std::string ann_key;
        std::string bob_key;
        Program ann = enter("ann", ann_key);
        Program bob = enter("bob", bob_key);
        ann.type("send " + bob_key + " hello\nquit\n");
        EXPECT_EQ(bob.hear(), "from ann: hello");
        EXPECT_EQ(ann.status(), 0);
        bob.end_input();
        EXPECT_EQ(bob.status(), 0);
    }
};

TEST_F(FaultsTest, TheNameOfAKilledClientIsReleased) {
    std::string bob_key;
    Program bob = enter("bob", bob_key);
    std::string key;
    Program ann = enter("ann", key);
    ann.signal(SIGKILL);
    EXPECT_EQ(ann.status(), 128 + SIGKILL);
    bob.type("send " + key + " are you there?\n");
    EXPECT_TRUE(bob.hear().starts_with("error: ")) << "at once, whether its name is free or not";
    EXPECT_TRUE(eventually([&] { return may_have("ann"); }));
}

TEST_F(FaultsTest, WhoDiesInHisTurnBlocksNobody) {
    for (const bool asks_first : {false, true}) {
        const pid_t child = ::fork();
        if (child == 0) {
            Segment<ConnectLayout> segment(open());
            const Turn turn(segment->turn, 10s);
            if (asks_first)
                RequestSlot(segment->slot).begin({.action = Action::register_name, .text = "eve"});
            ::raise(SIGKILL);
        }
        EXPECT_EQ(::waitpid(child, nullptr, 0), child);
        expect_that_all_is_well();
    }
}

TEST_F(FaultsTest, WhoDoesNotOpenHisChannelLosesHisName) {
    EXPECT_TRUE(may_have("eve"));
    EXPECT_FALSE(may_have("eve"));
    EXPECT_EQ(names_left(), 2);
    EXPECT_TRUE(eventually([&] { return names_left() == 1; }));
    EXPECT_TRUE(may_have("eve"));
}

TEST_F(FaultsTest, WhoSaysHelloWithoutTakingHisSideIsSentAway) {
    Intruder eve(channel_, "eve");
    eve.begin({.action = Action::hello});
    EXPECT_TRUE(eve.is_dropped());
    expect_that_all_is_well();
}

TEST_F(FaultsTest, RubbishInItsOwnChannelIsTheClientsAffair) {
    Intruder eve(channel_, "eve");
    eve.say_hello();
    std::mt19937 random(1);
    auto* const words = reinterpret_cast<std::atomic<std::uint32_t>*>(&eve.layout());
    for (int round = 0; round < 2000; ++round) {
        for (int scribbles = 0; scribbles < 100; ++scribbles)
            words[random() % (sizeof(CommLayout) / 4)] = static_cast<std::uint32_t>(random());
        eve.begin({.action = static_cast<Action>(random() % 8), .key = random()});
    }
    expect_that_all_is_well();
}

TEST_F(FaultsTest, WhoHasTakenWhatWasNeverSentIsDropped) {
    Intruder eve(channel_, "eve");
    eve.say_hello();
    eve.layout().inbox.taken = 12345;
    std::string key;
    Program ann = enter("ann", key);
    ann.type("send " + std::to_string(eve.key()) + " hi\n");
    EXPECT_TRUE(ann.hear().starts_with("error: the owner of the key"));
    EXPECT_TRUE(eve.is_dropped());
    EXPECT_TRUE(eventually([&] { return may_have("eve"); }));
}

TEST_F(FaultsTest, AChannelCutShortEndsItsClientAndNobodyElse) {
    for (const off_t size : {0, 4096, 12288}) {
        Intruder eve(channel_, "eve-" + std::to_string(size));
        eve.say_hello();
        ASSERT_EQ(::ftruncate(eve.file().fd(), size), 0);
        if (size == 4096)  // the reply lies behind the end
            eve.begin({.action = Action::list});
        if (size == 12288)  // most of the inbox does
            eve.begin({.action = Action::send, .key = eve.key(), .text = std::string(4096, 'x')});
        EXPECT_TRUE(eve.is_dropped()) << "cut to " << size;
        expect_that_all_is_well();
    }
}

TEST_F(FaultsTest, AConnectChannelCutShortIsMadeAnew) {
    std::string key;
    Program cid = enter("cid", key);
    for (const off_t size : {0, 4096}) {
        Segment<ConnectLayout> segment(open());
        ASSERT_EQ(::ftruncate(segment.file().fd(), size), 0);
        if (size == 4096)  // the reply lies behind the end
            RequestSlot(segment->slot).begin({.action = Action::list});
        EXPECT_TRUE(eventually([&] { return !segment.file().has_its_name(); })) << size;
        EXPECT_TRUE(eventually([&] { return names_left() == 1; }));
        expect_that_all_is_well();
    }
    cid.type("send " + key + " I am still here\n");
    EXPECT_EQ(cid.hear_of("from"), "from cid: I am still here");
    server_.signal(SIGTERM);
    EXPECT_EQ(server_.status(), 0);
    EXPECT_EQ(names_left(), 0);
}

TEST_F(FaultsTest, ClientsOfAKilledServerSaySoAndANewOneStartsOverWhatIsLeft) {
    std::string key;
    Program ann = enter("ann", key);
    EXPECT_TRUE(may_have("eve"));  // its channel is left over
    const auto before = std::chrono::steady_clock::now();
    server_.signal(SIGKILL);
    EXPECT_EQ(ann.complaint(), "the server has gone\n");
    EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
    EXPECT_EQ(ann.status(), 1);
    EXPECT_EQ(server_.status(), 128 + SIGKILL);
    EXPECT_EQ(names_left(), 2);
    EXPECT_THROW(request_name(channel_, "bob"), std::runtime_error);
    Program server = start_server();
    EXPECT_EQ(names_left(), 1);
    expect_that_all_is_well();
    server.signal(SIGINT);
    EXPECT_EQ(server.status(), 0);
    EXPECT_EQ(names_left(), 0);
}

}  // namespace
}  // namespace lab::testing
