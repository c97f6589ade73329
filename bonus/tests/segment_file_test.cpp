// Files in shared memory: for this user alone, held by who lives, removed by their owner.
#include "bonus/segment_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <system_error>

#include "bonus/tests/shared_memory.hpp"
#include "common/error.hpp"

namespace lab::testing {
namespace {

using SegmentFileTest = SharedMemoryTest;

TEST_F(SegmentFileTest, IsForThisUserAlone) {
    const SegmentFile file = create(100);
    struct ::stat its {};
    checked(::fstat(file.fd(), &its), "fstat");
    EXPECT_EQ(its.st_mode & 0777, 0600U);
    EXPECT_EQ(file.size(), 100U);
}

TEST_F(SegmentFileTest, IsCreatedOnce) {
    EXPECT_FALSE(SegmentFile::open(name_));
    const SegmentFile file = create(100);
    EXPECT_FALSE(SegmentFile::create(name_, 100));
    EXPECT_TRUE(SegmentFile::open(name_));
}

TEST_F(SegmentFileTest, ASideIsHeldByOneAndSeenByTheOther) {
    SegmentFile server = create(100);
    SegmentFile client = open();
    EXPECT_FALSE(client.held_by_another(Side::server));
    EXPECT_TRUE(server.hold(Side::server));
    EXPECT_TRUE(client.held_by_another(Side::server));
    EXPECT_FALSE(client.hold(Side::server));
    EXPECT_TRUE(client.hold(Side::client));
    EXPECT_TRUE(server.held_by_another(Side::client));
    client = open();
    EXPECT_FALSE(server.held_by_another(Side::client)) << "its holder has closed the file";
}

TEST_F(SegmentFileTest, WhoIsKilledHoldsNothingAnyMore) {
    SegmentFile server = create(100);
    const pid_t child = checked(::fork(), "fork");
    if (child == 0) {
        SegmentFile client = open();
        ::_exit(client.hold(Side::client) ? ::raise(SIGSTOP), 0 : 1);
    }
    EXPECT_TRUE(eventually([&] { return server.held_by_another(Side::client); }));
    ::kill(child, SIGKILL);
    EXPECT_TRUE(eventually([&] { return !server.held_by_another(Side::client); }));
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(SegmentFileTest, RemovesItsOwnNameAndNoOther) {
    SegmentFile first = create(100);
    first.remove_name();
    EXPECT_FALSE(first.has_its_name());
    const SegmentFile second = create(100);
    first.remove_name();
    EXPECT_TRUE(second.has_its_name());
}

TEST_F(SegmentFileTest, WithoutMemoryItSaysSoAndLeavesNothing) {
    EXPECT_THROW(create(std::size_t{1} << 60), std::system_error);
    EXPECT_FALSE(SegmentFile::open(name_));
}

TEST_F(SegmentFileTest, LeftOversOfAChannelAreRemovedAndNobodyElses) {
    const std::string other = channel_ + "-b";
    for (const auto& name : {comm_segment_name(channel_, 1), comm_segment_name(channel_, 2),
                             comm_segment_name(other, 1), name_})
        EXPECT_TRUE(SegmentFile::create(name, 1)) << name;
    remove_left_over_segments(channel_);
    EXPECT_FALSE(SegmentFile::open(comm_segment_name(channel_, 1)));
    EXPECT_FALSE(SegmentFile::open(comm_segment_name(channel_, 2)));
    EXPECT_TRUE(SegmentFile::open(comm_segment_name(other, 1)));
    EXPECT_TRUE(SegmentFile::open(name_));
    remove_left_over_segments(other);
}

}  // namespace
}  // namespace lab::testing
