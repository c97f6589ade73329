// The two scenes of `make bonus-stress`. Each throws std::runtime_error when a promise is broken.
#pragma once

#include <cstdint>
#include <string>

namespace lab::bench {

// Clients are killed at random moments, many of them in their turn on the connect channel, beside
// others that send, receive, come and go: those are never held up for 2 s, and lose nothing; and
// 2 s after each death its name is free. Prints what was measured.
void kill_clients(const std::string& channel, std::size_t deaths, std::uint32_t seed);

// So many clients at once, each sends so many messages to others by chance: all arrive exactly once
// and in the order of each sender. Prints what was measured.
void let_a_crowd_talk(const std::string& channel, std::size_t messages_each, std::uint32_t seed);
inline constexpr std::size_t kCrowd = 100;

}  // namespace lab::bench
