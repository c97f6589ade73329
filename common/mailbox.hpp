// An Outbox that threads may share: many put lines in, one takes them out.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "common/outbox.hpp"

namespace lab {

class Mailbox {
  public:
    // `capacity` in bytes, see Outbox.
    explicit Mailbox(std::size_t capacity) : outbox_(capacity) {}

    // Any thread; never blocks for longer than a copy takes. False when the outbox is full. After
    // close() lines are dropped and the answer is true: whom they were for has left.
    [[nodiscard]] bool offer(std::string_view lines);

    // The writer's call: blocks until something waits and returns all of it. Empty is the end: the
    // mailbox is closed and everything has been taken, or `stop` was requested.
    [[nodiscard]] std::string take(std::stop_token stop = {});

    // What is queued can still be taken; then comes the end. Any thread, any number of times.
    void close();

    // Blocks until take() has returned the end, which a writer asks for only after it has dealt
    // with all it took before. False when `patience` is over first.
    [[nodiscard]] bool wait_until_drained(std::chrono::milliseconds patience);

  private:
    Outbox outbox_;
    // BEGIN SOLUTION
    bool closed_ = false;
    bool drained_ = false;
    std::mutex mutex_;  // protects the three
    std::condition_variable_any changed_;
    // END SOLUTION
};

}  // namespace lab
