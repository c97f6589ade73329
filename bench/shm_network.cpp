// The bonus as a Network: its server, and clients that use its classes.
#include "bench/shm_network.hpp"

#include "bench/bonus_server.hpp"
#include "bench/visitor.hpp"

namespace lab::bench {
namespace {

class ShmLink final : public Link {
  public:
    ShmLink(const std::string& channel, const std::string& name) : visitor_(channel, name) {}

    std::uint64_t address() const override { return visitor_.key(); }
    void send(std::uint64_t to, const std::string& text) override { visitor_.send(to, text); }
    std::string receive() override { return visitor_.next_message().value().text; }

  private:
    Visitor visitor_;
};

}  // namespace

ShmNetwork::ShmNetwork(const std::string& server) : server_(start_bonus_server(server, channel_)) {}

std::unique_ptr<Link> ShmNetwork::join(std::size_t number) {
    return std::make_unique<ShmLink>(channel_, "client-" + std::to_string(number));
}

}  // namespace lab::bench
