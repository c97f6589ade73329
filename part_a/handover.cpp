// Bytes from one thread to another that waits in poll(2): a mailbox with a bell.
#include "part_a/handover.hpp"

#include <sys/eventfd.h>

#include <utility>

#include "common/error.hpp"

namespace lab {

Handover::Handover() : bell_(checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {}

bool Handover::give(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    taken_.wait(lock, [this] { return closed_ || waiting_.empty(); });
    if (closed_)
        return false;
    waiting_ = bytes;
    ring();
    return true;
}

std::string Handover::take() {
    const std::lock_guard lock(mutex_);
    eventfd_t rings = 0;
    ::eventfd_read(bell(), &rings);
    taken_.notify_one();
    return std::exchange(waiting_, {});
}

void Handover::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    taken_.notify_one();
    ring();
}

bool Handover::over() {
    const std::lock_guard lock(mutex_);
    return closed_ && waiting_.empty();
}

void Handover::ring() const {
    ::eventfd_write(bell(), 1);
}

}  // namespace lab
