// One client: a standing receive, and at most one send in flight.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/limits.hpp"
#include "common/line_framer.hpp"
#include "common/outbox.hpp"
#include "common/room.hpp"
#include "common/unique_fd.hpp"
#include "part_b/chat_events.hpp"
#include "part_b/proactor.hpp"

namespace lab {

// Owns the client's socket and outbox, and lives as long as an operation of it is under way.
// Everything that ends it, ends it by hanging up on the socket: the receive then comes to its end,
// and takes the rest down. All calls belong to the loop.
class Session final : public Participant {
  public:
    // `socket` is connected; `room`, `events` and `proactor` outlive the session.
    Session(UniqueFd socket, ClientId id, Room& room, const ChatEvents& events, Proactor& proactor,
            const Limits& limits);

    // Only when no operation is under way any more, or the proactor's loop has ended.
    ~Session() override;

    // Joins the room and starts to receive. `on_end` is called once, as the last act: it may
    // destroy the session.
    void start(std::function<void()> on_end);

    // Queues `lines` for the next send; a client that leaves too much unread is hung up on.
    void deliver(std::string_view lines) override;

    // Ends the session soon.
    void hang_up();

  private:
    void on_received(const Completion& completion);
    void relay(std::string_view lines);
    void leave();
    void say_farewell();
    void send_more();
    void on_sent(const Completion& completion);
    void end_if_done();

    UniqueFd socket_;
    ClientId id_;
    Room& room_;
    const ChatEvents& events_;
    Proactor& proactor_;
    Limits limits_;
    LineFramer framer_;
    Outbox outbox_;
    std::string in_flight_;  // taken from the outbox; the first sent_ bytes have been sent
    std::size_t sent_ = 0;
    bool receiving_ = false;
    bool sending_ = false;        // a send is in flight, or will be at the end of the round
    std::string_view complaint_;  // why we end it, if we do
    std::optional<Proactor::Timer> farewell_;
    std::function<void()> on_end_;
};

}  // namespace lab
