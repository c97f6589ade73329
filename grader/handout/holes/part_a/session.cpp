#include <utility>

#include "common/line_framer.hpp"
#include "common/not_written.hpp"
#include "common/socket.hpp"

namespace lab {

// STUDENT: Keep what start() and its threads will need: see `private` in session.hpp.
Session::Session(UniqueFd socket, std::string name, Room& room, const Limits& limits) {
    not_written("Session::Session", socket.get(), name, &room, &limits);
}

// STUDENT: In which order? A thread that is blocked in recv() or send() has to be woken before it
// can be joined, and nobody may deliver to a session that is half gone.
Session::~Session() = default;

// STUDENT: The reading thread: receive(), make whole lines of the bytes (LineFramer), give them to
// the room, until the client's input ends; then leave, and call on_end. From when on must the room
// know the client, so that it misses nothing? Check: a_thread_for_each_client.
void Session::start(std::function<void()> on_end) {
    not_written("Session::start");
    on_end();
}

// STUDENT: Called by the threads of others. For a first chat, send_all() the lines at once. Then
// think of a client that does not read: under the room's lock everybody would wait for it. So leave
// the lines in a Mailbox, and let a second thread of this session take them out and send them.
// What if the mailbox is full? Checks: fan_out_reaches_everyone_else, lines_are_never_mixed.
void Session::deliver(std::string_view lines) {
    not_written("Session::deliver", lines);
}

void Session::hang_up() {
    not_written("Session::hang_up");
}

}  // namespace lab
