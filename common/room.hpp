// Who is in the chat, and who hears a line.
#pragma once

#include <string_view>
#include <vector>

#include "common/guarded.hpp"

namespace lab {

// Anyone a room can deliver to.
class Participant {
  public:
    virtual ~Participant() = default;

    // Takes over a run of whole lines; copies them, for they are gone when it returns. Called by
    // any thread and under the room's lock: it must not block, throw, or call into the room. A
    // participant that cannot take more only hangs up on its client, and leaves later, by itself.
    virtual void deliver(std::string_view lines) = 0;
};

// All members, borrowed: a participant leaves before it is destroyed. Any thread.
class Room {
  public:
    void join(Participant& participant);

    // When it returns, no deliver() on the participant is under way or will come. Leaving twice, or
    // without having joined, does nothing.
    void leave(Participant& participant);

    // Delivers `lines`, a run of whole lines, to every member but `sender` (who need not be one);
    // nothing is delivered when there is none.
    // One broadcast at a time: all members hear all lines in the same order.
    void broadcast(const Participant& sender, std::string_view lines);

  private:
    // BEGIN SOLUTION
    Guarded<std::vector<Participant*>> members_;
    // END SOLUTION
};

}  // namespace lab
