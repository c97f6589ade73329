// A word in memory that a thread can sleep on, also from another process.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace lab {

// How long anybody sleeps before he looks around: does the other side still live? The only timer
// of the bonus. A death is noticed by then at the latest, everything else at once.
inline constexpr std::chrono::milliseconds kLookAround{500};

// Sleeps until another thread wakes `word`, or `patience` is over. Returns at once when the word is
// no longer `expected`: the kernel compares and falls asleep in one step, so that a change between
// our look and our sleep is not missed. May return early for no reason: look again. See futex(2).
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::milliseconds patience);

// Wakes all who sleep on `word`. First change the word, then wake.
void futex_wake(std::atomic<std::uint32_t>& word);

}  // namespace lab
