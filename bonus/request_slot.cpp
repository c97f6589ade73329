// One request and its one reply, in shared memory.
#include "bonus/request_slot.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "bonus/futex.hpp"

namespace lab {
namespace {

constexpr std::uint32_t kEmpty = 0;
constexpr std::uint32_t kRequest = 1;
constexpr std::uint32_t kReply = 2;
constexpr std::uint32_t kStateBits = 3;
constexpr std::uint32_t kOneExchange = 4;

std::uint32_t in_state(std::uint32_t word, std::uint32_t state) {
    return (word & ~kStateBits) | state;
}

// Nobody else may write there now: the state says so. Relaxed, for the word's release comes after.
template <class Layout>
void write_text(Layout& shared, const std::string& text) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
    std::memcpy(shared.text, text.data(), std::min(text.size(), kMaxText));
    shared.size.store(static_cast<std::uint32_t>(std::min(text.size(), kMost)),
                      std::memory_order_relaxed);
}

}  // namespace

void RequestSlot::begin(const Request& request) {
    word_ = in_state(shared_.word + kOneExchange, kRequest);  // LAB: exchange-number
    shared_.request.action = static_cast<std::uint32_t>(request.action);
    shared_.request.key = request.key;
    write_text(shared_.request, request.text);
    shared_.word.store(word_, std::memory_order_release);
    futex_wake(shared_.word);
}

std::optional<Reply> RequestSlot::wait_for_reply(std::chrono::milliseconds patience) {
    const std::uint32_t answered = in_state(word_, kReply);
    if (shared_.word.load(std::memory_order_acquire) != answered)
        futex_wait(shared_.word, word_, patience);
    if (shared_.word.load(std::memory_order_acquire) != answered)
        return std::nullopt;
    const std::size_t size = shared_.reply.size;
    const std::uint32_t result = shared_.reply.result;
    if (size > kMaxText || result < 1 || result > static_cast<std::uint32_t>(Result::refused))
        throw std::runtime_error("the server's reply makes no sense");
    Reply reply{static_cast<Result>(result), shared_.reply.key, {shared_.reply.text, size}};
    shared_.word.store(in_state(word_, kEmpty), std::memory_order_release);
    return reply;
}

std::optional<Request> RequestSlot::next(std::chrono::milliseconds patience) {
    word_ = shared_.word.load(std::memory_order_acquire);
    if ((word_ & kStateBits) != kRequest) {
        futex_wait(shared_.word, word_, patience);
        word_ = shared_.word.load(std::memory_order_acquire);
    }
    if ((word_ & kStateBits) != kRequest)
        return std::nullopt;
    // Each number is read once; what was checked cannot be another one afterwards.
    Request request{static_cast<Action>(shared_.request.action.load()), shared_.request.key};
    const std::size_t size = shared_.request.size;  // LAB: read-once
    request.too_long = size > kMaxText;
    if (!request.too_long)
        request.text.assign(shared_.request.text, size);
    return request;
}

void RequestSlot::answer(const Reply& reply) {
    shared_.reply.result = static_cast<std::uint32_t>(reply.result);
    shared_.reply.key = reply.key;
    write_text(shared_.reply, reply.text);
    // Only if that request still stands: its client may have died, and the next one have begun.
    std::uint32_t asked = word_;
    if (shared_.word.compare_exchange_strong(asked, in_state(word_, kReply)))  // LAB: late-reply
        futex_wake(shared_.word);
}

void RequestSlot::wake() {
    futex_wake(shared_.word);
}

}  // namespace lab
