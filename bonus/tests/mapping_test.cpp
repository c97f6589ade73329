// A mapping whose file somebody cuts short: who watches it survives, and knows.
#include "bonus/mapping.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "bonus/tests/shared_memory.hpp"

namespace lab::testing {
namespace {

constexpr std::size_t kSize = 3 * 4096;

class MappingTest : public SharedMemoryTest {
  protected:
    MappingTest() { Mapping::handle_bus_errors(); }
    ~MappingTest() override { std::signal(SIGBUS, SIG_DFL); }

    void cut_short() { ASSERT_EQ(::ftruncate(file_.fd(), 0), 0); }

    SegmentFile file_ = create(kSize);
    Mapping mapping_{file_.fd(), kSize};
};

TEST_F(MappingTest, IsTheFile) {
    mapping_.data()[kSize - 1] = std::byte{7};
    const Mapping other(file_.fd(), kSize);
    EXPECT_EQ(other.data()[kSize - 1], std::byte{7});
    EXPECT_FALSE(mapping_.broken());
}

TEST_F(MappingTest, WhoReadsItSurvivesAndKnows) {
    const Mapping::Watch watch(mapping_);
    mapping_.data()[0] = std::byte{7};
    cut_short();
    EXPECT_EQ(mapping_.data()[4096], std::byte{0});
    EXPECT_TRUE(mapping_.broken());
    EXPECT_EQ(mapping_.data()[0], std::byte{0}) << "all of it is ours now, and empty";
}

TEST_F(MappingTest, WhoWritesItSurvivesAndKnows) {
    const Mapping::Watch watch(mapping_);
    cut_short();
    mapping_.data()[kSize - 1] = std::byte{7};
    EXPECT_TRUE(mapping_.broken());
    EXPECT_EQ(file_.size(), 0U);
}

TEST_F(MappingTest, TheOneThatWasCutIsBrokenAndNotTheOtherOne) {
    const std::string name = comm_segment_name(channel_, 1);
    const auto file = SegmentFile::create(name, kSize);
    Mapping whole(file->fd(), kSize);
    const Mapping::Watch outer(mapping_);
    const Mapping::Watch inner(whole);
    cut_short();
    EXPECT_EQ(mapping_.data()[0], std::byte{0});
    EXPECT_TRUE(mapping_.broken());
    EXPECT_FALSE(whole.broken());
}

TEST_F(MappingTest, ManyThreadsMayRunIntoItAtOnce) {
    cut_short();
    std::array<std::jthread, 4> threads;
    for (std::jthread& thread : threads)
        thread = std::jthread([this] {
            const Mapping::Watch watch(mapping_);
            EXPECT_EQ(mapping_.data()[0], std::byte{0});
            EXPECT_TRUE(mapping_.broken());
        });
}

using MappingDeathTest = MappingTest;

TEST_F(MappingDeathTest, WithoutAWatchASigbusEndsTheProgramAsAlways) {
    cut_short();
    EXPECT_EXIT(mapping_.data()[0] = std::byte{7}, ::testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace lab::testing
