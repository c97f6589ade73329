// Keyboard to server and server to screen, at the same time, in two threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "part_a/console.hpp"

namespace lab {

// When the client has ended its input and waits for what still arrives.
struct Patience {
    std::chrono::milliseconds silence{1000};  // nothing arrives any more
    std::chrono::milliseconds total{5000};    // something always does
};

class ChatClient {
  public:
    enum class Outcome {
        done,           // the input ended, and then the server or our patience
        server_gone,    // the server ended first
        line_too_long,  // the input has a line that no server of this lab takes
        screen_gone,    // what arrives cannot be written
    };

    // Borrows both and starts both threads. `socket` is connected.
    ChatClient(int socket, Console& console);

    // Hangs up and joins the threads. A thread that is blocked in a read from the keyboard, or in a
    // write to the screen, makes this wait: a program ends without it, with _Exit.
    ~ChatClient();

    // Blocks until the conversation is over; the console is then still to be finished. Once.
    Outcome wait(const Patience& patience = {});

  private:
    using Clock = std::chrono::steady_clock;
    void send_keyboard();
    bool send(std::string_view bytes);
    void print_server();
    void conclude(Outcome outcome);

    const int socket_;
    Console& console_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool input_ended_ = false;        // these three are protected by mutex_
    std::optional<Outcome> outcome_;  // the first one stands
    Clock::time_point last_sign_;     // of life: the input has ended, or something has arrived
    std::jthread sender_;
    std::jthread printer_;
};

}  // namespace lab
