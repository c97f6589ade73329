// One client: a thread that reads from it, and a thread that writes to it.
#include "part_a/session.hpp"

// BEGIN SOLUTION
#include <array>
#include <utility>

#include "common/line_framer.hpp"
#include "common/log.hpp"
#include "common/socket.hpp"

namespace lab {
namespace {

constexpr std::size_t kReadSize = 65536;

}  // namespace

Session::Session(UniqueFd socket, std::string name, Room& room, const Limits& limits)
    : socket_(std::move(socket)),
      name_(std::move(name)),
      room_(room),
      limits_(limits),
      mailbox_(limits.outbox) {}

Session::~Session() {
    room_.leave(*this);
    hang_up();  // before the joins: a thread may be blocked in a send to a client that never reads
}

void Session::start(std::function<void()> on_end) {
    on_end_ = std::move(on_end);
    room_.join(*this);  // LAB: join-first
    writer_ = std::jthread([this](std::stop_token stop) { write(std::move(stop)); });
    reader_ = std::jthread([this] { serve(); });
}

void Session::deliver(std::string_view lines) {
    if (mailbox_.offer(lines))
        return;
    too_slow_ = true;
    hang_up();  // LAB: slow-reader
}

void Session::hang_up() {
    lab::hang_up(socket_.get());
}

void Session::serve() {
    const std::string_view complaint = relay();
    room_.leave(*this);
    if (!complaint.empty())
        hang_up();
    say_farewell();
    log_line(name_ + (complaint.empty() ? " has left" : " was disconnected: ") +
             std::string(complaint));
    on_end_();
}

// The reading thread's work until the client's input ends. Returns why we end it, if we do.
std::string_view Session::relay() {
    std::array<char, kReadSize> buffer;
    LineFramer framer(limits_.line);
    while (const std::size_t count = receive(socket_.get(), buffer)) {
        // All whole lines of one read travel together: one delivery and, mostly, one send.
        room_.broadcast(*this, framer.push({buffer.data(), count}));  // LAB: whole-runs
        if (framer.overflowed())
            return "it sent a line that is too long";
    }
    room_.broadcast(*this, framer.finish());
    return too_slow_ ? "it does not read what waits for it" : "";
}

// What is queued is still sent, as long as the client reads it within the time allowed.
void Session::say_farewell() {
    mailbox_.close();
    const bool sent = mailbox_.wait_until_drained(limits_.farewell);  // LAB: farewell
    if (sent && !too_slow_)
        return;
    discard_unsent(socket_.get());
    hang_up();
}

// The writing thread. It takes until the end even when the client has gone: that empties the
// mailbox for whoever waits for it, and a send to a hung-up socket fails at once.
void Session::write(std::stop_token stop) {
    for (std::string lines; !(lines = mailbox_.take(stop)).empty();) {
        if (!send_all(socket_.get(), lines))
            hang_up();
    }
}

}  // namespace lab
// END SOLUTION
