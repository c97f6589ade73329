// One client: a standing receive, and at most one send in flight.
#include "part_b/session.hpp"

#include <utility>

#include "common/log.hpp"
#include "common/socket.hpp"

namespace lab {
namespace {

// Larger sends lose more in the caches than they gain.
constexpr std::size_t kSendSize = std::size_t{128} << 10;

}  // namespace

Session::Session(UniqueFd socket, ClientId id, Room& room, const ChatEvents& events,
                 Proactor& proactor, const Limits& limits)
    : socket_(std::move(socket)),
      id_(id),
      room_(room),
      events_(events),
      proactor_(proactor),
      limits_(limits),
      framer_(limits.line),
      outbox_(limits.outbox) {}

Session::~Session() {
    room_.leave(*this);
}

void Session::start(std::function<void()> on_end) {
    on_end_ = std::move(on_end);
    room_.join(*this);  // LAB: join-first
    receiving_ = true;
    if (events_.joined)
        events_.joined(id_);
    proactor_.async_receive(socket_.get(), [this](const Completion& c) { on_received(c); });
}

void Session::deliver(std::string_view lines) {
    if (!receiving_)
        return;  // it has left
    if (!outbox_.offer(lines)) {
        complaint_ = "it does not read what waits for it";
        return hang_up();  // LAB: slow-reader
    }
    // Not at once: others may have lines for it in this round, and they all travel in one send.
    if (!std::exchange(sending_, true))
        proactor_.defer([this] { send_more(); });  // LAB: one-send
}

void Session::hang_up() {
    lab::hang_up(socket_.get());
}

void Session::on_received(const Completion& completion) {
    if (completion.result <= 0)
        return leave();
    relay(framer_.push(completion.data));  // LAB: whole-runs
    if (!framer_.overflowed())
        return;
    complaint_ = "it sent a line that is too long";
    hang_up();
}

void Session::relay(std::string_view lines) {
    if (lines.empty())
        return;
    if (events_.lines)
        events_.lines(id_, lines);
    else
        room_.broadcast(*this, lines);
}

// The client's input has ended.
void Session::leave() {
    relay(framer_.finish());
    receiving_ = false;
    room_.leave(*this);
    if (!complaint_.empty())
        log_line("client " + std::to_string(id_) + " was disconnected: " + std::string(complaint_));
    if (events_.left)
        events_.left(id_);
    if (sending_)
        say_farewell();
    end_if_done();
}

// What is queued is still sent, as long as the client reads it within the time allowed.
void Session::say_farewell() {
    const auto time_allowed = complaint_.empty() ? limits_.farewell : std::chrono::milliseconds(0);
    farewell_ = proactor_.after(time_allowed, [this] {  // LAB: farewell
        farewell_.reset();
        discard_unsent(socket_.get());
        hang_up();  // the send in flight fails, and on_sent() ends the session
    });
}

void Session::send_more() {
    if (sent_ == in_flight_.size()) {
        in_flight_ = outbox_.take();
        sent_ = 0;
    }
    if (in_flight_.empty()) {
        sending_ = false;
        return end_if_done();
    }
    proactor_.async_send(socket_.get(), std::string_view(in_flight_).substr(sent_, kSendSize),
                         [this](const Completion& c) { on_sent(c); });
}

void Session::on_sent(const Completion& completion) {
    if (completion.result >= 0) {
        sent_ += static_cast<std::size_t>(completion.result);
        return send_more();
    }
    sending_ = false;
    hang_up();
    end_if_done();
}

void Session::end_if_done() {
    if (receiving_ || sending_)
        return;  // LAB: last-operation
    if (farewell_)
        proactor_.cancel(*farewell_);
    const std::function<void()> on_end = std::move(on_end_);
    on_end();
}

}  // namespace lab
