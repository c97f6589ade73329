// One request and its one reply, in shared memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "bonus/layout.hpp"
#include "bonus/names.hpp"

namespace lab {

enum class Action : std::uint32_t { register_name = 1, hello, send, list, unregister };

// What a client asks for. The text is a name (register_name) or a message (send), the key that of a
// receiver (send) or where a page of the list begins (list).
struct Request {
    Action action{};
    Key key = 0;
    std::string text{};
    bool too_long = false;  // the server's side: more than kMaxText was stated; there is no text
};

enum class Result : std::uint32_t { done = 1, refused };

// What the server answers. The text is the reason (refused), or a page of the list (list).
struct Reply {
    Result result{};
    Key key = 0;
    std::string text{};
};

// The states of the word, in its two low bits; the others are the exchange's number, so that an
// answer to one who has died is never taken for the answer to the next:
//
//          begin()              next(), answer()             wait_for_reply()
//   empty ─────────▶ request n ─────────────────▶ reply n ───────────────────▶ empty
//    client               │ the client died or gave up: begin() n + 1 │
//                         └───────────────────◀───────────────────────┘
//
// One client and one server thread at a time. Both sides touch shared memory: not without a watch.
class RequestSlot {
  public:
    explicit RequestSlot(SlotLayout& shared) : shared_(shared) {}

    // -- the client's side ------------------------------------------------------------------------

    // Leaves a request for the server, whatever was in the slot before. Text beyond kMaxText stays
    // here, but its size is stated: it is the server that refuses it.
    void begin(const Request& request);

    // Sleeps until the reply is there, and takes it. Nothing when `patience` is over first: ask
    // again, or give up. Throws std::runtime_error when it is no reply that a server writes.
    std::optional<Reply> wait_for_reply(std::chrono::milliseconds patience);

    // -- the server's side ------------------------------------------------------------------------

    // Sleeps until there is a request, and copies it. Nothing when `patience` is over first. It is
    // to be answered before the next call.
    std::optional<Request> next(std::chrono::milliseconds patience);

    // Gives the one reply to what next() has returned. Nobody hears it who no longer waits.
    void answer(const Reply& reply);

    // From any thread: next() returns soon, at the latest when its patience is over.
    void wake();

  private:
    SlotLayout& shared_;
    std::uint32_t word_ = 0;  // of the exchange under way, as this side knows it
};

}  // namespace lab
