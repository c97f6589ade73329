#include "common/not_written.hpp"
#include "common/socket.hpp"
#include "part_a/session.hpp"

namespace lab {

// STUDENT: Four steps, each good for some checks. Let the chat work before you tidy up after it.
//  1. Accept clients in a loop, until the listener is closed; give each a Session, and start it.
//     Checks: a_thread_for_each_client, then fan_out_reaches_everyone_else.
//  2. Somebody has to own the sessions, and to end each one soon after its client has left: no
//     thread can join itself, and accept() may take hours. Who does it, and what wakes him?
//     Checks: threads_are_given_back, descriptors_are_given_back.
//  3. When `stop` is requested, everybody has to wake up: you in accept(), and each session. What
//     wakes a thread that is blocked on a socket stands in common/socket.hpp; see
//     std::stop_callback. Checks: sigint_ends_it, port_is_free_again_at_once.
//  4. accept_from() can come to four things, not one. Which of them would make this loop spin?
void run_chat_server(int listener, std::stop_token stop, const Limits& limits) {
    not_written("run_chat_server", listener, stop, &limits);
}

}  // namespace lab
