#include <stdexcept>

#include "common/not_written.hpp"

namespace lab {

// STUDENT: Read epoll(7), epoll_ctl(2) and eventfd(2). Level-triggered is the simple way: what is
// still there is reported again. Write it kind by kind, each with its tests:
//  1. readable and receive: submit() keeps the operation and registers the descriptor; wait() asks
//     epoll_wait() which are ready, makes the call (recv with MSG_DONTWAIT) and reports its result.
//  2. wake(): something that every thread can write to, and that epoll watches like any other.
//  3. accept, then send. 4. cancel(): everything under way on the descriptor ends with -ECANCELED.
// A descriptor that nobody waits for must not stay registered: a hang-up is reported unasked.
// Tests: make unit T='CompletionSource*'
EpollSource::EpollSource() {
    throw std::logic_error("not written yet: EpollSource");
}

void EpollSource::submit(const Operation& operation) {
    not_written("EpollSource::submit", &operation);
}

void EpollSource::cancel(int fd) {
    not_written("EpollSource::cancel", fd);
}

std::span<const Completion> EpollSource::wait(std::optional<std::chrono::milliseconds> patience) {
    not_written("EpollSource::wait", &patience);
    return {};
}

void EpollSource::wake() noexcept {
    not_written("EpollSource::wake");
}

}  // namespace lab
