// Keyboard to server and server to screen, at the same time, in two threads.
#include "part_a/chat_client.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "common/limits.hpp"
#include "common/line_framer.hpp"
#include "common/socket.hpp"

namespace lab {
namespace {

using Buffer = std::array<char, 64 * 1024>;

// read(2), but an interrupted call is repeated, and an error is the end.
std::size_t read_some(int fd, Buffer& buffer) {
    ssize_t count = 0;
    do
        count = ::read(fd, buffer.data(), buffer.size());
    while (count == -1 && errno == EINTR);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

ChatClient::ChatClient(int socket, int keyboard, int screen)
    : socket_(socket),
      keyboard_(keyboard),
      screen_(screen),
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
    Buffer buffer;
    LineFramer framer(Limits{}.line);
    while (const std::size_t count = read_some(keyboard_, buffer)) {
        if (!send_all(socket_, framer.push({buffer.data(), count})))
            return;  // the printing thread will hear of it, too
        if (framer.overflowed())
            return conclude(Outcome::line_too_long);
    }
    send_all(socket_, framer.finish());
    {
        const std::lock_guard lock(mutex_);
        input_ended_ = true;
        last_sign_ = Clock::now();
    }
    changed_.notify_all();
    end_output(socket_);  // LAB: half-close
}

void ChatClient::print_server() {
    Buffer buffer;
    while (const std::size_t count = receive(socket_, buffer)) {
        if (!write_all(screen_, {buffer.data(), count}))
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
