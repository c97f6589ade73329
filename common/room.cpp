// Who is in the chat, and who hears a line.
#include "common/room.hpp"

// BEGIN SOLUTION
namespace lab {

void Room::join(Participant& participant) {
    members_.lock()->push_back(&participant);
}

void Room::leave(Participant& participant) {
    std::erase(*members_.lock(), &participant);
}

void Room::broadcast(const Participant& sender, std::string_view lines) {
    if (lines.empty())
        return;
    auto members = members_.lock();
    for (Participant* member : *members) {
        if (member != &sender)
            member->deliver(lines);
    }
}

}  // namespace lab
// END SOLUTION
