// log_line(): whole lines, at once.
#include "common/log.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <thread>

namespace {

TEST(Log, LinesOfDifferentThreadsNeverMix) {
    const auto log_many = [](char name) {
        for (int i = 0; i < 300; ++i)
            lab::log_line(std::string(50, name));
    };
    ::testing::internal::CaptureStdout();
    {
        const std::jthread first(log_many, 'a');
        const std::jthread second(log_many, 'b');
    }
    std::istringstream log(::testing::internal::GetCapturedStdout());
    int count = 0;
    for (std::string line; std::getline(log, line); ++count)
        ASSERT_EQ(line, std::string(50, line[0]));
    EXPECT_EQ(count, 600);
}

}  // namespace
