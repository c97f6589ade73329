// Accepts clients, gives each a session of its own, and lets a program speak to them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/guarded.hpp"
#include "common/limits.hpp"
#include "common/room.hpp"
#include "common/unique_fd.hpp"
#include "part_b/chat_events.hpp"
#include "part_b/proactor.hpp"
#include "part_b/session.hpp"

namespace lab {

// Owns the listener, every session, and the proactor that serves them. stop(), send() and
// broadcast() may be called from any thread.
class ChatServer {
  public:
    // `listener` is bound and listening. Throws std::system_error when descriptors run short.
    explicit ChatServer(UniqueFd listener, const Limits& limits = {});

    // Ends the connections that are still there. Only when run() has returned, or never began.
    ~ChatServer() = default;

    // Before run().
    void set_events(ChatEvents events);

    int listener() const { return listener_.get(); }

    // Serves clients in the calling thread until stop(). Shortage of descriptors only makes it
    // rest before it accepts again.
    void run() { proactor_.run(); }

    // Ends run() soon, or is remembered.
    void stop() { proactor_.stop(); }

    // Queue `bytes`, whole lines, for one client, or for all but `except`; a client that has gone
    // meanwhile is skipped. What one thread passes keeps its order. False when more than
    // kMostPosted bytes wait for the loop to take them over.
    [[nodiscard]] bool send(ClientId to, std::string_view bytes);
    [[nodiscard]] bool broadcast(ClientId except, std::string_view bytes);

  private:
    // Something that the program says, on its way to the loop.
    struct Parcel {
        bool to_all;
        ClientId client;  // whom it is for, or who is left out
        std::string bytes;
    };
    struct Parcels {
        std::vector<Parcel> waiting;
        std::size_t size = 0;  // bytes in all of them
    };

    void accept_clients();
    void on_accepted(const Completion& completion);
    void admit(UniqueFd socket);
    bool post(bool to_all, ClientId client, std::string_view bytes);
    void deliver_posted();
    void deliver(const Parcel& parcel);

    const Limits limits_;
    const UniqueFd listener_;
    ChatEvents events_;
    Room room_;
    Guarded<Parcels> parcels_;
    ClientId last_id_ = kNobody;
    bool starved_ = false;
    std::unordered_map<ClientId, Session> sessions_;
    Proactor proactor_;  // destroyed first: its source borrows the sessions' descriptors and bytes
};

}  // namespace lab
