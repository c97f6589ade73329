// A thin cover for the futex system call, shared between processes.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>
#include <ctime>

using Word = std::atomic<uint32_t>;
static_assert(Word::is_always_lock_free && sizeof(Word) == 4);

using Clock = std::chrono::steady_clock;

// Sleeps while the word is `seen`, until the deadline at most. May return for no reason.
inline void futex_wait_until(Word& word, uint32_t seen, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now()).count();
  if (left <= 0) return;
  const timespec time{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
  syscall(SYS_futex, &word, FUTEX_WAIT, seen, &time, nullptr, 0);
}

inline void futex_wait(Word& word, uint32_t seen) { syscall(SYS_futex, &word, FUTEX_WAIT, seen, nullptr, nullptr, 0); }

inline void futex_wake(Word& word) { syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

inline void set_and_wake(Word& word, uint32_t value) {
  word.store(value);
  futex_wake(word);
}
