// Shared memory for one test: names that nobody else has, and nothing left of them.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "bonus/names.hpp"
#include "bonus/segment.hpp"

namespace lab::testing {

// Waits for a fact that nobody reports. False when it is not true within 10 s.
inline bool eventually(const auto& fact) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!fact()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

// A channel that no other test and no other run of it uses.
inline std::string channel_of_this_test() {
    static int made = 0;
    return "test-" + std::to_string(::getpid()) + "-" + std::to_string(++made);
}

// Removes what a test has left, also when it fails.
class SharedMemoryTest : public ::testing::Test {
  protected:
    ~SharedMemoryTest() override {
        ::shm_unlink(name_.c_str());
        remove_left_over_segments(channel_);
    }

    SegmentFile create(std::size_t size) {
        return std::move(SegmentFile::create(name_, size).value());
    }
    SegmentFile open() { return std::move(SegmentFile::open(name_).value()); }

    const std::string channel_ = channel_of_this_test();
    const std::string name_ = connect_segment_name(channel_);
};

// Two ends of one segment, each with a file and a mapping of its own, as two processes have them.
template <class Layout>
class TwoEnds : public SharedMemoryTest {
  protected:
    Segment<Layout> server_{create(sizeof(Layout))};
    Segment<Layout> client_{open()};
};

}  // namespace lab::testing
