// The same work over Unix-domain sockets: a relay with a thread per client.
#include "bench/socket_network.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include "bonus/action_log.hpp"

namespace lab::bench {
namespace {

struct Packet {
    std::uint64_t to;
    char text[4096];
};
constexpr std::size_t kHead = sizeof(std::uint64_t);

class SocketLink final : public Link {
  public:
    SocketLink(std::size_t number, int requests, int inbox)
        : number_(number), requests_(requests), inbox_(inbox) {}

    std::uint64_t address() const override { return number_; }
    void send(std::uint64_t to, const std::string& text) override {
        Packet packet{.to = to, .text = {}};
        std::memcpy(packet.text, text.data(), text.size());
        char reply = 0;
        checked(::send(requests_, &packet, kHead + text.size(), MSG_NOSIGNAL), "send");
        if (::recv(requests_, &reply, 1, 0) != 1)
            throw std::runtime_error("the relay has gone");
    }
    std::string receive() override {
        std::array<char, sizeof(Packet)> text;
        const ssize_t size = checked(::recv(inbox_, text.data(), text.size(), 0), "receive");
        return {text.data(), static_cast<std::size_t>(size)};
    }

  private:
    const std::size_t number_;
    const int requests_;
    const int inbox_;
};

}  // namespace

SocketNetwork::SocketNetwork(std::size_t clients) {
    for (std::size_t number = 0; number < clients; ++number) {
        requests_.push_back(make_pair());
        inboxes_.push_back(make_pair());
    }
    relay_.emplace_back([this] { relay(); });
    for (std::size_t number = 0; number < clients; ++number) {
        requests_[number].relay.reset();
        inboxes_[number].relay.reset();
    }
}

std::unique_ptr<Link> SocketNetwork::join(std::size_t number) {
    return std::make_unique<SocketLink>(number, requests_[number].client.get(),
                                        inboxes_[number].client.get());
}

SocketNetwork::Pair SocketNetwork::make_pair() {
    std::array<int, 2> ends{};
    checked(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void SocketNetwork::relay() const {
    const UniqueFd nowhere(checked(::open("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/null"));
    ::dup2(nowhere.get(), STDOUT_FILENO);
    std::vector<std::jthread> workers;
    for (std::size_t number = 0; number < requests_.size(); ++number)
        workers.emplace_back([this, number] { serve(number); });
}

void SocketNetwork::serve(std::size_t number) const {
    const std::string name = "client-" + std::to_string(number);
    const int requests = requests_[number].relay.get();
    Packet packet;
    for (ssize_t size = 0; (size = ::recv(requests, &packet, sizeof packet, 0)) > 0;) {
        const std::size_t text = static_cast<std::size_t>(size) - kHead;
        const int inbox = inboxes_.at(packet.to).relay.get();
        if (::send(inbox, packet.text, text, MSG_NOSIGNAL) == -1)
            return;
        log_action(name, "send",
                   std::to_string(text) + " bytes to " + std::to_string(packet.to) + " accepted");
        ::send(requests, "y", 1, MSG_NOSIGNAL);
    }
}

}  // namespace lab::bench
