// A word in memory that a thread can sleep on, also from another process.
#include "bonus/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace lab {

// Not FUTEX_PRIVATE_FLAG: the kernel then finds the sleepers by the page's place in its file, and
// not by an address, which differs from process to process. Every error is a reason to look again:
// EAGAIN the word has changed, ETIMEDOUT, EINTR, and EFAULT the file was cut short.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::milliseconds patience) {
    if (patience.count() <= 0)
        return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
    const std::chrono::nanoseconds rest = patience - seconds;
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = static_cast<long>(rest.count())};
    ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, &limit, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
    ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace lab
