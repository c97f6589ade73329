// What clients, channels and their segments may be called, and are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lab {

// The number that a client is addressed by: see registry.hpp. 0 is nobody's.
using Key = std::uint64_t;

inline constexpr std::string_view kNameRule = "1 to 31 letters, digits, '_' or '-'";

// Does it keep to the rule above? Letters are those of ASCII, whatever the locale says.
bool is_valid_name(std::string_view name);

// The names of a channel's segments, for shm_open(3). No name has a dot in it, so that what
// belongs to channel `a` is never taken for a part of channel `a-b`.
std::string connect_segment_name(std::string_view channel);
std::string comm_segment_name(std::string_view channel, Key key);

// Removes the names of all the channel's comm segments: what a server that was killed has left.
// For who holds the channel, and has no clients yet.
void remove_left_over_segments(std::string_view channel);

}  // namespace lab
