// Two sockets that are connected with each other.
#pragma once

#include <sys/socket.h>

#include <array>
#include <utility>

#include "common/error.hpp"
#include "common/unique_fd.hpp"

namespace lab::testing {

inline std::pair<UniqueFd, UniqueFd> connected_pair() {
    std::array<int, 2> ends{};
    checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace lab::testing
