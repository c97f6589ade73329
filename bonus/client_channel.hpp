// The client's ends: a name asked for on the connect channel, then a channel of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bonus/inbox.hpp"
#include "bonus/names.hpp"
#include "bonus/request_slot.hpp"
#include "bonus/segment.hpp"

namespace lab {

// Asks for a name. The reply has a key, with which to make a ClientChannel at once, or the reason
// why not. Nothing: the server has gone. Throws std::runtime_error when there is no server, when it
// does not answer, or when somebody else is in the way for too long.
std::optional<Reply> request_name(const std::string& channel, const std::string& name);

class ClientChannel {
  public:
    // Opens the channel that belongs to `key`, and takes our side of it. Throws std::runtime_error
    // when there is none: the server waits for its newcomers, but not for long.
    ClientChannel(const std::string& channel, Key key);

    // -- one thread -------------------------------------------------------------------------------

    // Blocks until the server has replied. Nothing: it has gone.
    std::optional<Reply> ask(const Request& request);

    // -- another one ------------------------------------------------------------------------------

    // Blocks until there is a message. Nothing is the end: the server has closed the channel or has
    // gone, and all that was in the inbox has been taken.
    std::optional<Message> next_message();

  private:
    void prove_whole() const;

    Segment<CommLayout> segment_;
    RequestSlot slot_;
    InboxReader inbox_;
};

}  // namespace lab
