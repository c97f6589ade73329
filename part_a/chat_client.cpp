// Keyboard to server and server to screen, at the same time, in two threads.
#include "part_a/chat_client.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "common/limits.hpp"
#include "common/line_framer.hpp"
#include "common/socket.hpp"

namespace lab {
namespace {

constexpr std::size_t kReadSize = 65536;

}  // namespace

ChatClient::ChatClient(int socket, Console& console)
    : socket_(socket),
      console_(console),
      sender_([this] { send_keyboard(); }),
      printer_([this] { print_server(); }) {}

ChatClient::~ChatClient() {
    hang_up(socket_);
}

ChatClient::Outcome ChatClient::wait(const Patience& patience) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return outcome_ || input_ended_; });
    const auto latest = Clock::now() + patience.total;
    for (;;) {
        const auto until = std::min(latest, last_sign_ + patience.silence);  // LAB: patience
        if (outcome_)
            return *outcome_;
        if (Clock::now() >= until)
            return Outcome::done;
        changed_.wait_until(lock, until);
    }
}

void ChatClient::send_keyboard() {
    LineFramer framer(Limits{}.line);
    for (std::string_view typed; !(typed = console_.read()).empty();) {
        if (!send(framer.push(typed)))
            return;  // the printing thread will hear of it, too
        if (framer.overflowed())
            return conclude(Outcome::line_too_long);
    }
    send(framer.finish());
    {
        const std::lock_guard lock(mutex_);
        input_ended_ = true;
        last_sign_ = Clock::now();
    }
    changed_.notify_all();
    end_output(socket_);  // LAB: half-close
    console_.print_the_rest();
}

// While the server does not read, we wait in the console: it has other things to look after.
bool ChatClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent =
            ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno == EAGAIN ? !console_.wait_until_writable(socket_) : errno != EINTR)
            return false;
    }
    return true;
}

void ChatClient::print_server() {
    std::array<char, kReadSize> buffer;
    while (const std::size_t count = receive(socket_, buffer)) {
        if (!console_.print({buffer.data(), count}))
            return conclude(Outcome::screen_gone);
        const std::lock_guard lock(mutex_);
        last_sign_ = Clock::now();
    }
    conclude(Outcome::server_gone);
}

// That the server closes is what we wait for once the input has ended, and a surprise before.
void ChatClient::conclude(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    if (outcome == Outcome::server_gone && input_ended_)
        outcome = Outcome::done;
    if (!outcome_)
        outcome_ = outcome;
    changed_.notify_all();
}

}  // namespace lab
