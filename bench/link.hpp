// One client's way to the others, whatever it is made of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace lab::bench {

// One thread may send while another one receives.
class Link {
  public:
    virtual ~Link() = default;

    // Who this is, for others to send to.
    virtual std::uint64_t address() const = 0;

    // Blocks until the server has taken the text on, and has said so.
    virtual void send(std::uint64_t to, const std::string& text) = 0;

    // Blocks until a text arrives.
    virtual std::string receive() = 0;
};

// The two candidates. Called once in each client's process, which is the number-th.
class Network {
  public:
    virtual ~Network() = default;
    virtual std::unique_ptr<Link> join(std::size_t number) = 0;
};

}  // namespace lab::bench
