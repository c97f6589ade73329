// Accepts clients, and gives each a session of its own.
#include "part_a/chat_server.hpp"

// BEGIN SOLUTION
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "common/log.hpp"
#include "common/socket.hpp"
#include "part_a/sessions.hpp"

namespace lab {
namespace {

// How long a shortage is taken to last if nobody leaves: other programs may be the cause of it.
constexpr std::chrono::milliseconds kRest{100};

}  // namespace

void run_chat_server(int listener, std::stop_token stop, const Limits& limits) {
    const std::stop_callback wake(stop, [listener] { hang_up(listener); });  // LAB: wake-acceptor
    Sessions sessions(limits);
    bool was_exhausted = false;
    // Without a free descriptor accept() fails before it looks at the listener: ask `stop`, too.
    while (!stop.stop_requested()) {
        Accepted accepted = accept_from(listener);
        const bool exhausted = accepted.outcome == Accepted::Outcome::exhausted;
        if (accepted.outcome == Accepted::Outcome::closed)
            return;
        if (exhausted && !was_exhausted)
            log_line("cannot accept for now: " + std::generic_category().message(accepted.error));
        const bool starved =
            exhausted || (accepted.socket && !sessions.admit(std::move(accepted.socket)));
        if (starved)
            sessions.wait_for_departure(kRest, stop);  // LAB: rest
        was_exhausted = exhausted;
    }
}

}  // namespace lab
// END SOLUTION
