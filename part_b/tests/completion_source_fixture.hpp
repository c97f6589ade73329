// A completion source and two connected sockets: each test runs on every source there is.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/unique_fd.hpp"
#include "part_b/epoll_source.hpp"
#include "part_b/tests/connected_pair.hpp"

namespace lab::testing {

using Kind = Operation::Kind;

// What a Completion says, with the received bytes copied.
struct Report {
    OperationId id;
    int result;
    std::string data;
    bool more;
};

template <class Source>
class CompletionSourceTest : public ::testing::Test {
  protected:
    // Waits until there is something to report.
    std::vector<Report> reports() {
        std::vector<Report> all;
        while (all.empty())
            for (const Completion& each : source_.wait(std::nullopt))
                all.push_back({each.id, each.result, std::string(each.data), each.more});
        return all;
    }

    Report only_report() {
        const std::vector<Report> all = reports();
        EXPECT_EQ(all.size(), 1u);
        return all.front();
    }

    // Nothing is reported now.
    bool quiet() {
        source_.wake();
        return source_.wait(std::nullopt).empty();
    }

    Source source_;
    std::pair<UniqueFd, UniqueFd> pair_ = connected_pair();
    const int fd_ = pair_.first.get();
    const int peer_ = pair_.second.get();
};

using Sources = ::testing::Types<EpollSource>;

}  // namespace lab::testing
