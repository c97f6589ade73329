// Serves one client: its requests, one after the other, each with one reply.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "bonus/comm_channel.hpp"
#include "bonus/registry.hpp"
#include "bonus/request_slot.hpp"

namespace lab {

// How long a name is kept for a client that has it, and does not open its channel.
inline constexpr std::chrono::milliseconds kPatienceWithNewcomer{1500};

class Worker {
  public:
    // `key` and `name` are reserved in `registry`, which outlives the worker; it releases them.
    Worker(std::shared_ptr<CommChannel> channel, Key key, std::string name, Registry& registry);

    // The body of the client's thread. Returns when the client has unregistered, has died, is to be
    // dropped or `stop` is requested; then nothing is left of it.
    void serve(const std::stop_token& stop);

  private:
    std::string_view welcome(const std::stop_token& stop);
    std::string_view serve_requests(const std::stop_token& stop);
    Reply reply_to(const Request& request, const std::stop_token& stop);
    Reply send(const Request& request, const std::stop_token& stop);
    Reply list(Key after);
    void unregister();

    const std::shared_ptr<CommChannel> channel_;
    const Key key_;
    const std::string name_;
    Registry& registry_;
};

}  // namespace lab
