// The server's end of one client's channel.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string_view>

#include "bonus/inbox.hpp"
#include "bonus/names.hpp"
#include "bonus/request_slot.hpp"
#include "bonus/segment.hpp"

namespace lab {

// A sender waits this long for room in a full inbox. Nobody else waits with him.
inline constexpr std::chrono::milliseconds kPatienceWithFullInbox{1000};

// Owns the segment and holds the server's side of it. Shared by the client's worker and by those
// workers that are just sending to the client: the last one unmaps it.
class CommChannel {
  public:
    // Makes the segment, under a name that only the client is told. Throws std::system_error when
    // there are no descriptors or no memory left.
    CommChannel(std::string_view channel, Key key);
    ~CommChannel() { remove_name(); }
    CommChannel(const CommChannel&) = delete;
    CommChannel& operator=(const CommChannel&) = delete;

    // -- the client's worker, which watches mapping() ---------------------------------------------

    RequestSlot& slot() { return slot_; }
    Mapping& mapping() { return segment_.mapping(); }

    // Is the client there? It holds its side of the segment for as long as it lives.
    bool client_lives() { return segment_.file().held_by_another(Side::client); }

    // Why the client is to be dropped; empty when it behaves.
    std::string_view misdeed() const;

    // The client has it open: from now on nobody else can open it, and nothing can be left over.
    void remove_name() { segment_.file().remove_name(); }

    // -- any thread -------------------------------------------------------------------------------

    enum class Delivery { accepted, full, gone };

    // Puts a message into the client's inbox; waits for room, but not when `stop` is requested.
    Delivery deliver(const Message& message, const std::stop_token& stop);

    // Delivers nothing any more, and says so to the client.
    void close();

  private:
    Segment<CommLayout> segment_;
    RequestSlot slot_;
    InboxWriter inbox_;
    std::atomic<bool> talked_nonsense_ = false;
};

}  // namespace lab
