// checked(): a failure carries the step's name and the kernel's reason.
#include "common/error.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace {

TEST(Checked, ReturnsAGoodResult) {
    EXPECT_EQ(lab::checked(0, "zero"), 0);
    EXPECT_EQ(lab::checked(7L, "seven"), 7L);
}

TEST(Checked, ThrowsWithTheStepAndTheReason) {
    try {
        lab::checked(::close(-1), "close the door");
        FAIL() << "nothing was thrown";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), EBADF);
        EXPECT_STREQ(error.what(), "close the door: Bad file descriptor");
    }
}

}  // namespace
