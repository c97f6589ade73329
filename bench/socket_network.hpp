// The same work over Unix-domain sockets: a relay with a thread per client.
#pragma once

#include <vector>

#include "bench/forked.hpp"
#include "bench/link.hpp"
#include "common/unique_fd.hpp"

namespace lab::bench {

// Two sockets a client, as the bonus has a slot and an inbox: one for requests and replies, and one
// for what arrives. They keep messages apart by themselves (SOCK_SEQPACKET). The relay logs each
// message as the server of the bonus does.
class SocketNetwork final : public Network {
  public:
    explicit SocketNetwork(std::size_t clients);
    std::unique_ptr<Link> join(std::size_t number) override;

  private:
    struct Pair {
        UniqueFd client;
        UniqueFd relay;
    };
    static Pair make_pair();
    void relay() const;
    void serve(std::size_t number) const;

    std::vector<Pair> requests_;
    std::vector<Pair> inboxes_;
    std::vector<Forked> relay_;  // one
};

}  // namespace lab::bench
