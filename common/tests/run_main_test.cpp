// run_main(): an exception becomes a line on stderr and a status.
#include "common/run_main.hpp"

#include <gtest/gtest.h>

namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(RunMain, ReturnsTheStatusOfItsBody) {
    EXPECT_EQ(lab::run_main([] { return 0; }), 0);
    EXPECT_EQ(lab::run_main([] { return 7; }), 7);
}

TEST(RunMain, AUsageErrorIsStatusTwo) {
    CaptureStderr();
    EXPECT_EQ(lab::run_main([]() -> int { throw lab::UsageError("usage: ..."); }), 2);
    EXPECT_EQ(GetCapturedStderr(), "usage: ...\n");
}

TEST(RunMain, AnyOtherExceptionIsStatusOne) {
    CaptureStderr();
    EXPECT_EQ(lab::run_main([]() -> int { throw std::runtime_error("the reason"); }), 1);
    EXPECT_EQ(GetCapturedStderr(), "the reason\n");
}

}  // namespace
