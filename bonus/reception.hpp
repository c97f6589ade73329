// Lets newcomers in: a name, a key, a channel and a worker for each.
#pragma once

#include <string>

#include "bonus/registry.hpp"
#include "bonus/request_slot.hpp"
#include "bonus/workers.hpp"

namespace lab {

// Owns all that the server has of its clients. Its end is theirs: workers are stopped and joined.
class Reception {
  public:
    explicit Reception(std::string channel) : channel_(std::move(channel)) {}

    // Answers who asks for a name, with a key or with the reason why not. One thread.
    Reply admit(const std::string& name);

  private:
    const std::string channel_;
    Registry registry_;
    Workers workers_;  // comes last: workers use the registry until they have ended
};

}  // namespace lab
