// The server's end of the connect channel, where clients ask for a name.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "bonus/request_slot.hpp"
#include "bonus/segment.hpp"

namespace lab {

class ConnectChannel {
  public:
    // Makes the channel, over the left-overs of a server that was killed. Throws std::runtime_error
    // when a server is already running on it, and std::system_error when it cannot be made.
    explicit ConnectChannel(std::string channel);

    // Removes its name: nothing is left in /dev/shm.
    ~ConnectChannel();
    ConnectChannel(const ConnectChannel&) = delete;
    ConnectChannel& operator=(const ConnectChannel&) = delete;

    // Decides about a name that is asked for.
    using Admit = std::function<Reply(const std::string& name)>;

    // Answers one client after the other until `stop` is requested. Blocks the calling thread. A
    // channel that was cut short is made anew.
    void serve(const std::stop_token& stop, const Admit& admit);

  private:
    void serve_this_one(const std::stop_token& stop, const Admit& admit);
    bool make_anew();

    const std::string channel_;
    std::unique_ptr<Segment<ConnectLayout>> segment_;
};

}  // namespace lab
