// Messages on their way to one client: a ring of bytes in shared memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "bonus/layout.hpp"

namespace lab {

struct Message {
    std::string from;
    std::string text;
};

// The server's end. How much was written it knows by itself; the copy in shared memory is there to
// tell the client. How much was taken only the client can say, and that is looked at with care.
// Both ends touch shared memory: not without a watch.
class InboxWriter {
  public:
    explicit InboxWriter(InboxLayout& shared) : shared_(shared) {}

    enum class Offer {
        accepted,  // it is in the ring, and stays before whatever is offered later
        full,      // there is no room for it now
        closed,    // the client has left
        nonsense,  // the client claims to have taken what it cannot have
    };

    // Any thread; never blocks for longer than a copy takes. All of the message, or nothing of it.
    Offer offer(const Message& message);

    // Sleeps until the client has taken something since the last offer() that found no room, or
    // `patience` is over.
    void wait_for_room(std::chrono::milliseconds patience);

    // Nothing is accepted any more; what is in the ring can still be taken. Any number of times.
    void close();

  private:
    void put(std::uint32_t& place, const void* bytes, std::size_t size);
    void ring_bell();

    InboxLayout& shared_;
    std::mutex mutex_;           // the senders' worker threads come here at any time
    std::uint32_t written_ = 0;  // these two are protected by mutex_
    bool closed_ = false;
    std::atomic<std::uint32_t> seen_taken_ = 0;  // by the last offer that found no room
};

// The client's end, for one thread.
class InboxReader {
  public:
    explicit InboxReader(InboxLayout& shared) : shared_(shared) {}

    // The next message, or nothing when none waits. Throws std::runtime_error when what is in the
    // ring is nothing that a server writes.
    std::optional<Message> take();

    // Will there be no more? What is in the ring can still be taken.
    bool closed() const { return shared_.closed != 0; }

    // Sleeps until something has happened since the last take(), or `patience` is over.
    void wait(std::chrono::milliseconds patience) const;

  private:
    void get(std::uint32_t& place, void* bytes, std::size_t size) const;

    InboxLayout& shared_;
    std::uint32_t taken_ = 0;
    std::uint32_t heard_ = 0;  // the bell, before the last take() looked
};

}  // namespace lab
