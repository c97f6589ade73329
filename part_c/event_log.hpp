// What happens in the chat, in the order in which it happened, on stdout.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include "common/log.hpp"
#include "common/mailbox.hpp"

// Whoever logs must not wait for a terminal or a pipe that is slow, for with him all clients would
// wait: the log is a reader like any other, with a mailbox and a thread of its own. Any thread.
class EventLog {
  public:
    EventLog() : writer_([this] { write(); }) {}

    // Writes what still waits.
    ~EventLog() { mailbox_.close(); }

    void joined(const std::string& client) { add(client + " has joined\n"); }
    void left(const std::string& client) { add(client + " has left\n"); }

    // Whole lines that a client has sent.
    void said(const std::string& client, std::string_view lines) {
        std::string entries;
        while (!lines.empty()) {
            const std::size_t length = lines.find('\n');
            entries += client + ": " + printable(lines.substr(0, length)) + '\n';
            lines.remove_prefix(length + 1);
        }
        add(entries);
    }

  private:
    static constexpr std::size_t kShown = 80;             // bytes of a line
    static constexpr std::size_t kMostWaiting = 1 << 20;  // bytes; what comes on top is not logged

    static constexpr std::chrono::milliseconds kPause{5};

    // The beginning of a line, with nothing in it that a terminal would obey.
    static std::string printable(std::string_view line) {
        if (line.ends_with('\r'))
            line.remove_suffix(1);  // telnet's
        std::string text(line.substr(0, kShown));
        std::replace_if(
            text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
        return line.size() > kShown ? text + "..." : text;
    }

    void add(std::string_view entries) { (void)mailbox_.offer(entries); }

    void write() {
        for (std::string lines; !(lines = mailbox_.take()).empty();) {
            lines.pop_back();  // log_line() adds the '\n'
            lab::log_line(lines);
            // In a busy chat a pause lets many entries share one write; in an idle one the next
            // entry finds the thread waiting, and is written at once.  // LAB: many-in-one
            std::this_thread::sleep_for(kPause);
        }
    }

    lab::Mailbox mailbox_{kMostWaiting};
    std::jthread writer_;
};
