// Whose turn it is on the connect channel: a lock that outlives whoever dies with it.
#include "bonus/turn.hpp"

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "bonus/futex.hpp"

namespace lab {
namespace {

// The pthread functions return their error; errno is not theirs.
void checked_pthread(int error, const char* what) {
    if (error != 0)
        throw std::system_error(error, std::generic_category(), what);
}

// pthread_mutex_timedlock wants a point in time, of this clock.
timespec from_now(std::chrono::milliseconds patience) {
    const auto until = std::chrono::system_clock::now().time_since_epoch() + patience;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(until);
    const std::chrono::nanoseconds rest = until - seconds;
    return {.tv_sec = seconds.count(), .tv_nsec = static_cast<long>(rest.count())};
}

// ThreadSanitizer overlooks a timed lock that ends with EOWNERDEAD, and takes its unlock for a
// mistake: it is told that we have the mutex.
void tell_the_sanitizer([[maybe_unused]] pthread_mutex_t& mutex) {
#ifdef __SANITIZE_THREAD__
    __tsan_mutex_pre_lock(&mutex, __tsan_mutex_try_lock);
    __tsan_mutex_post_lock(&mutex, __tsan_mutex_try_lock, 0);
#endif
}

}  // namespace

void make_turn(pthread_mutex_t& mutex) {
    pthread_mutexattr_t attributes;
    checked_pthread(::pthread_mutexattr_init(&attributes), "mutex attributes");
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    const int error = ::pthread_mutex_init(&mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    checked_pthread(error, "make the mutex");
}

// In short sleeps: who was woken, and is killed before he has the mutex, takes the wake-up with
// him. The kernel passes it on, but not when a third one has taken the mutex in between.
Turn::Turn(pthread_mutex_t& mutex, std::chrono::milliseconds patience) : mutex_(mutex) {
    int error = ETIMEDOUT;
    for (; error == ETIMEDOUT && patience.count() > 0; patience -= kLookAround) {
        const timespec until = from_now(std::min(patience, kLookAround));
        error = ::pthread_mutex_timedlock(&mutex_, &until);  // LAB: lost-wake-up
    }
    // The mutex guards one slot, and begin() takes that in any state: nothing is to be repaired.
    inherited_ = error == EOWNERDEAD;
    if (inherited_) {
        error = ::pthread_mutex_consistent(&mutex_);  // LAB: owner-died
        tell_the_sanitizer(mutex_);
    }
    checked_pthread(error, "wait for a turn on the connect channel");
}

Turn::~Turn() {
    ::pthread_mutex_unlock(&mutex_);
}

}  // namespace lab
