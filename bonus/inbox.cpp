// Messages on their way to one client: a ring of bytes in shared memory.
#include "bonus/inbox.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <stdexcept>

#include "bonus/futex.hpp"

namespace lab {
namespace {

// What stands in the ring before each text.
struct RecordHead {
    std::uint32_t size;                   // of the text, in bytes
    std::array<char, kMaxName + 1> from;  // ends in zero bytes
};

// Two runs of bytes: up to the end of the ring, and on from its beginning.
std::size_t up_to_the_end(std::uint32_t place, std::size_t size) {
    return std::min(size, kInboxBytes - place % kInboxBytes);
}

}  // namespace

InboxWriter::Offer InboxWriter::offer(const Message& message) {
    assert(message.text.size() <= kMaxText && message.from.size() <= kMaxName);
    RecordHead head{.size = static_cast<std::uint32_t>(message.text.size()), .from = {}};
    std::ranges::copy(message.from, head.from.begin());
    const std::lock_guard lock(mutex_);
    if (closed_)
        return Offer::closed;
    const std::uint32_t taken = shared_.taken.load(std::memory_order_acquire);
    const std::uint32_t waiting = written_ - taken;  // right even when the counters have wrapped
    if (waiting > kInboxBytes)
        return Offer::nonsense;  // LAB: hostile-position
    if (kInboxBytes - waiting < sizeof head + message.text.size()) {
        seen_taken_ = taken;
        return Offer::full;
    }
    put(written_, &head, sizeof head);
    put(written_, message.text.data(), message.text.size());
    shared_.written.store(written_, std::memory_order_release);  // LAB: text-first
    ring_bell();
    return Offer::accepted;
}

void InboxWriter::wait_for_room(std::chrono::milliseconds patience) {
    futex_wait(shared_.taken, seen_taken_, patience);
}

void InboxWriter::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    shared_.closed = 1;
    ring_bell();
    futex_wake(shared_.taken);  // a sender that waits for room need not wait on
}

void InboxWriter::put(std::uint32_t& place, const void* bytes, std::size_t size) {
    const std::size_t first = up_to_the_end(place, size);
    const auto* const from = static_cast<const char*>(bytes);
    std::memcpy(shared_.bytes + place % kInboxBytes, from, first);
    std::memcpy(shared_.bytes, from + first, size - first);
    place += static_cast<std::uint32_t>(size);
}

// One bell for every event, so that who sleeps on it misses none: whatever happens between a
// look at the ring and the sleep has changed the word.
void InboxWriter::ring_bell() {
    ++shared_.bell;
    futex_wake(shared_.bell);
}

std::optional<Message> InboxReader::take() {
    heard_ = shared_.bell.load(std::memory_order_acquire);  // LAB: bell-before-look
    const std::uint32_t waiting = shared_.written.load(std::memory_order_acquire) - taken_;
    if (waiting == 0)
        return std::nullopt;
    RecordHead head{};
    std::uint32_t place = taken_;
    if (waiting <= kInboxBytes && waiting >= sizeof head)
        get(place, &head, sizeof head);
    if (waiting > kInboxBytes || waiting < sizeof head || head.from.back() != '\0' ||
        head.size > waiting - sizeof head)
        throw std::runtime_error("the inbox makes no sense");
    Message message{head.from.data(), std::string(head.size, '\0')};
    get(place, message.text.data(), message.text.size());
    taken_ = place;
    shared_.taken.store(taken_, std::memory_order_release);
    futex_wake(shared_.taken);
    return message;
}

void InboxReader::wait(std::chrono::milliseconds patience) const {
    futex_wait(shared_.bell, heard_, patience);
}

void InboxReader::get(std::uint32_t& place, void* bytes, std::size_t size) const {
    const std::size_t first = up_to_the_end(place, size);
    auto* const to = static_cast<char*>(bytes);
    std::memcpy(to, shared_.bytes + place % kInboxBytes, first);
    std::memcpy(to + first, shared_.bytes, size - first);
    place += static_cast<std::uint32_t>(size);
}

}  // namespace lab
