// The bonus as a Network: its server, and clients that use its classes.
#pragma once

#include <string>

#include "bench/forked.hpp"
#include "bench/link.hpp"

namespace lab::bench {

class ShmNetwork final : public Network {
  public:
    // Starts that program.
    explicit ShmNetwork(const std::string& server);
    ~ShmNetwork() override { server_.stop(); }
    std::unique_ptr<Link> join(std::size_t number) override;

  private:
    const std::string channel_ = "bench-" + std::to_string(::getpid());
    Forked server_;
};

}  // namespace lab::bench
