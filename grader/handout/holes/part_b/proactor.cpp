#include <utility>

#include "common/not_written.hpp"

namespace lab {

// STUDENT: Give each operation a new id, keep its handler under that id, and submit it to source_.
// A handler whose completion says `more` is kept; one that has had its last call is forgotten,
// before it is called: it may destroy what it belongs to. Tests: make unit T='Proactor*'
void Proactor::async_accept(int listener, Handler handler) {
    not_written("Proactor::async_accept", listener, &handler);
}

void Proactor::async_receive(int fd, Handler handler) {
    not_written("Proactor::async_receive", fd, &handler);
}

void Proactor::async_send(int fd, std::string_view bytes, Handler handler) {
    not_written("Proactor::async_send", fd, bytes, &handler);
}

void Proactor::async_readable(int fd, Handler handler) {
    not_written("Proactor::async_readable", fd, &handler);
}

void Proactor::cancel(int fd) {
    not_written("Proactor::cancel", fd);
}

// A timer is an entry of a sorted list: run() looks at the first.
Proactor::Timer Proactor::after(std::chrono::milliseconds delay, Task task) {
    const Clock::time_point due = Clock::now() + delay;
    return timers_.emplace(due, std::move(task));
}

// STUDENT: The one call beside stop() that any thread may make: a lock, and something that wakes
// the loop.
void Proactor::post(Task task) {
    not_written("Proactor::post", &task);
}

// STUDENT: Until somebody stops it: wait for completions, no longer than until the first timer;
// call their handlers; then what was posted, the timers that are due, and what was deferred.
// An idle proactor must not wake up at all. Check: idle_clients_cost_nothing.
void Proactor::run() {
    not_written("Proactor::run");
}

// STUDENT: A flag alone wakes nobody. And what if the loop has not begun yet?
void Proactor::stop() {
    not_written("Proactor::stop");
}

}  // namespace lab
