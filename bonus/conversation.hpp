// What a registered client does: commands in one thread, the inbox in another.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "bonus/client_channel.hpp"
#include "bonus/command.hpp"
#include "bonus/keyboard.hpp"
#include "bonus/screen.hpp"

namespace lab {

class Conversation {
  public:
    // Borrows all three and starts both threads.
    Conversation(ClientChannel& channel, Keyboard& keyboard, Screen& screen);

    // Blocks until it is over, and returns why; empty when the user has left, and every message
    // that was accepted for him is printed. The thread that reads the keyboard may be blocked in
    // that for ever: a program ends without it, with _Exit. Once.
    std::string wait();

  private:
    void type();
    void listen();
    bool obey(const Command& command);
    void list();
    Reply ask(const Request& request);
    void print(const Reply& reply, std::string_view when_done);
    void conclude(const std::string& why);

    ClientChannel& channel_;
    Keyboard& keyboard_;
    Screen& screen_;
    std::atomic<bool> leaving_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::string> end_;  // protected by mutex_; the first one stands
    std::jthread listener_;
    std::jthread typist_;  // last, for it joins the listener
};

}  // namespace lab
