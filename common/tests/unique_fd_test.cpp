// UniqueFd: closes exactly once, and only what it owns.
#include "common/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <optional>

#include "common/error.hpp"

namespace {

using lab::UniqueFd;

UniqueFd open_null() {
    return UniqueFd(lab::checked(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open"));
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFd, ClosesAtTheEndOfItsScope) {
    int number = -1;
    {
        const UniqueFd fd = open_null();
        number = fd.get();
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, OwnsNothingAtFirst) {
    EXPECT_FALSE(UniqueFd());
    EXPECT_FALSE(UniqueFd(-1));
}

TEST(UniqueFd, AMoveHandsTheDescriptorOver) {
    std::optional<UniqueFd> from = open_null();
    const int number = from->get();
    const UniqueFd to = std::move(*from);
    EXPECT_FALSE(*from);
    from.reset();  // would close what it still owned
    EXPECT_EQ(to.get(), number);
    EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, AssignmentClosesWhatWasOwnedBefore) {
    UniqueFd fd = open_null();
    const int first = fd.get();
    fd = open_null();
    EXPECT_FALSE(is_open(first));
    EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, SurvivesAnAssignmentToItself) {
    UniqueFd fd = open_null();
    UniqueFd& same = fd;
    fd = std::move(same);
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, WhatIsReleasedStaysOpen) {
    UniqueFd fd = open_null();
    const UniqueFd other_owner(fd.release());
    fd.reset();
    EXPECT_TRUE(is_open(other_owner.get()));
}

}  // namespace
