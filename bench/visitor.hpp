// A client of the bonus without a keyboard: registered for as long as it lives.
#pragma once

#include <optional>
#include <string>

#include "bonus/client_channel.hpp"

namespace lab::bench {

class Visitor {
  public:
    // Registers; throws std::runtime_error when it may not.
    Visitor(const std::string& channel, const std::string& name);

    Key key() const { return key_; }

    // Throws std::runtime_error when the server has gone.
    Reply ask(const Request& request);

    // Sends, and throws std::runtime_error with the reason when it is refused.
    void send(Key to, const std::string& text);

    // Afterwards next_message() gives what is left, and then nothing.
    void unregister() { ask({.action = Action::unregister}); }
    std::optional<Message> next_message() { return channel_.next_message(); }

  private:
    const Key key_;
    ClientChannel channel_;
};

}  // namespace lab::bench
