// The fixed layout of the shared segments, byte for byte.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace lab {

// Programs that were compiled apart meet in this memory: a change here is a new kLayoutVersion.
// Every number is atomic: it is read once, into a local, and checked there, for the other side may
// change it at any time. Text is copied out before anybody looks at it. No pointers: each process
// has the segment at an address of its own.
inline constexpr std::uint64_t kMagic = 0x4c41422d53484d31;  // "LAB-SHM1"
inline constexpr std::uint32_t kLayoutVersion = 1;

inline constexpr std::size_t kMaxName = 31;    // bytes, of a client and of a channel
inline constexpr std::size_t kMaxText = 4096;  // bytes, of a message
inline constexpr std::size_t kInboxBytes =
    1 << 16;                                   // 15 of the longest messages, or 1,200 short ones
inline constexpr std::size_t kCacheLine = 64;  // what different sides write lies apart

// The first bytes of a segment. The magic number is written last: where it is, all else is ready.
struct Header {
    std::atomic<std::uint64_t> magic;
    std::atomic<std::uint32_t> version;
    std::atomic<std::uint32_t> size;
};

// What a request and its reply look like. The size is the text's, in bytes, as the writer states
// it: that it is no more than kMaxText is for the reader to find out.
struct RequestLayout {
    std::atomic<std::uint64_t> key;
    std::atomic<std::uint32_t> action;
    std::atomic<std::uint32_t> size;
    char text[kMaxText];
};
struct ReplyLayout {
    std::atomic<std::uint64_t> key;
    std::atomic<std::uint32_t> result;
    std::atomic<std::uint32_t> size;
    char text[kMaxText];
};

// One request at a time, and its reply: see request_slot.hpp. The client alone writes the request,
// the server alone the reply, and the word says whose turn it is.
struct SlotLayout {
    alignas(kCacheLine) std::atomic<std::uint32_t> word;
    alignas(kCacheLine) RequestLayout request;
    alignas(kCacheLine) ReplyLayout reply;
};

// Messages for one client: see inbox.hpp. `written` and `taken` count bytes for ever, and wrap.
struct InboxLayout {
    alignas(kCacheLine) std::atomic<std::uint32_t> bell;  // these three by the server
    std::atomic<std::uint32_t> written;
    std::atomic<std::uint32_t> closed;
    alignas(kCacheLine) std::atomic<std::uint32_t> taken;  // by the client
    alignas(kCacheLine) char bytes[kInboxBytes];           // by the server
};

// The one segment that has a name for as long as the server lives.
struct ConnectLayout {
    Header header;
    alignas(kCacheLine) pthread_mutex_t turn;  // of the clients; the server never takes it
    SlotLayout slot;
};

// The segment of one client.
struct CommLayout {
    Header header;
    SlotLayout slot;
    InboxLayout inbox;
};

// A lock inside an atomic would be a lock of one process only.
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(sizeof(std::atomic<std::uint32_t>) == 4 && sizeof(std::atomic<std::uint64_t>) == 8);
static_assert(std::is_standard_layout_v<ConnectLayout> && std::is_standard_layout_v<CommLayout>);
static_assert(offsetof(Header, version) == 8 && offsetof(Header, size) == 12);
static_assert(offsetof(RequestLayout, text) == 16 && offsetof(ReplyLayout, text) == 16);
static_assert(offsetof(SlotLayout, request) == 64 && offsetof(SlotLayout, reply) == 4224);
static_assert(offsetof(InboxLayout, taken) == 64 && offsetof(InboxLayout, bytes) == 128);
static_assert(offsetof(ConnectLayout, turn) == 64 && offsetof(ConnectLayout, slot) == 128);
static_assert(offsetof(CommLayout, slot) == 64 && offsetof(CommLayout, inbox) == 8448);
static_assert((kInboxBytes & (kInboxBytes - 1)) == 0, "positions wrap with the counters");

}  // namespace lab
