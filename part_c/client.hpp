// One client of the handler API's chat server, and the thread that writes to it.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "common/limits.hpp"
#include "common/line_framer.hpp"
#include "common/mailbox.hpp"
#include "common/room.hpp"
#include "common/socket.hpp"
#include "common/unique_fd.hpp"

// What a client's handler needs from one call to the next. read(), ended() and say_farewell() are
// the handler's: it is never run twice at a time. deliver() and hang_up() may be called from any
// thread.
class Client final : public lab::Participant {
  public:
    Client(lab::UniqueFd socket, std::string name)
        : socket_(std::move(socket)), name_(std::move(name)) {}

    // No handler of this client runs, or will. Hangs up first: the writer may be blocked.
    ~Client() override {
        hang_up();
        mailbox_.close();
    }

    const std::string& name() const { return name_; }
    void hang_up() { lab::hang_up(socket_.get()); }

    // Throws std::system_error when the system has no thread left.
    void start_writer() {
        writer_ = std::jthread([this] { write(); });
    }

    void deliver(std::string_view lines) override {
        if (mailbox_.offer(lines))
            return;
        too_slow_ = true;
        hang_up();  // LAB: slow-reader
    }

    // One read: the run of whole lines that it completes. Sets ended().
    std::string_view read(std::span<char> buffer) {
        const std::size_t count = lab::receive(socket_.get(), buffer);
        ended_ = count == 0;
        return ended_ ? framer_.finish() : framer_.push({buffer.data(), count});
    }

    bool ended() const { return ended_ || framer_.overflowed(); }

    // Why we end the connection, if we do.
    std::string complaint() const {
        if (framer_.overflowed())
            return "it sent a line that is too long";
        return too_slow_ ? "it does not read what waits for it" : "";
    }

    // What is queued is still sent, as long as the client reads it within the time allowed.
    void say_farewell() {
        if (!complaint().empty())
            hang_up();
        mailbox_.close();
        if (!mailbox_.wait_until_drained(limits_.farewell) || too_slow_)
            lab::discard_unsent(socket_.get());
    }

  private:
    // Blocks where the client does not read; its handler, and all others, go on.
    void write() {
        for (std::string lines; !(lines = mailbox_.take()).empty();) {
            if (!lab::send_all(socket_.get(), lines))
                hang_up();
        }
    }

    const lab::Limits limits_;
    const lab::UniqueFd socket_;
    const std::string name_;
    lab::LineFramer framer_{limits_.line};
    lab::Mailbox mailbox_{limits_.outbox};
    bool ended_ = false;
    std::atomic<bool> too_slow_ = false;
    std::jthread writer_;  // last: it is joined before the rest is destroyed
};
