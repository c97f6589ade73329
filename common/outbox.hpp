// Bounded bytes on their way to one client.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lab {

// A plain queue of whole lines: many small offers become one large take. No lock of its own: one
// thread (Part C's loop), or behind a lock (Mailbox).
class Outbox {
  public:
    // `capacity` in bytes, of what waits; what was taken no longer counts.
    explicit Outbox(std::size_t capacity) : capacity_(capacity) {}

    // Queues `lines` whole, or, when that would pass the capacity, nothing of it: false.
    [[nodiscard]] bool offer(std::string_view lines);

    // Everything that waits, in the order of the offers; empty when nothing does.
    [[nodiscard]] std::string take();

    bool empty() const { return waiting_.empty(); }

  private:
    std::size_t capacity_;
    std::string waiting_;
};

}  // namespace lab
