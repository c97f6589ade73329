// An Outbox that threads may share: many put lines in, one takes them out.
#include "common/mailbox.hpp"

// BEGIN SOLUTION
#include <utility>

namespace lab {

bool Mailbox::offer(std::string_view lines) {
    const std::lock_guard lock(mutex_);
    if (closed_)
        return true;
    const bool taker_may_sleep = outbox_.empty();
    if (!outbox_.offer(lines))
        return false;
    if (taker_may_sleep)
        changed_.notify_all();
    return true;
}

std::string Mailbox::take(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, std::move(stop), [this] { return closed_ || !outbox_.empty(); });
    std::string lines = outbox_.take();
    if (lines.empty()) {
        drained_ = true;
        changed_.notify_all();
    }
    return lines;
}

void Mailbox::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

bool Mailbox::wait_until_drained(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return drained_; });
}

}  // namespace lab
// END SOLUTION
