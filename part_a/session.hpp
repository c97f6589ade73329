// One client: a thread that reads from it, and a thread that writes to it.
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "common/limits.hpp"
#include "common/mailbox.hpp"
#include "common/room.hpp"
#include "common/unique_fd.hpp"

namespace lab {

// Owns the client's socket, mailbox and both threads. Everything that ends it, ends it by hanging
// up on the socket: the reading thread then finds the end of its input, and takes the rest down.
class Session final : public Participant {
  public:
    // `socket` is connected and blocking; `room` outlives the session; `name` is for the log.
    Session(UniqueFd socket, std::string name, Room& room, const Limits& limits);

    // Hangs up and joins both threads: never called by one of them.
    ~Session() override;

    // Joins the room and starts the threads. `on_end` is called once, as the last act of the
    // reading thread, perhaps before start() has returned: until then the session must not be
    // destroyed. Throws std::system_error when the system has no thread left; `on_end` is then
    // never called, and the session can only be destroyed.
    void start(std::function<void()> on_end);

    // Queues `lines` for the writing thread; a client that leaves too much unread is hung up on.
    void deliver(std::string_view lines) override;

    // Ends the session soon, from any thread.
    void hang_up();

  private:
    // BEGIN SOLUTION
    void serve();
    std::string_view relay();
    void say_farewell();
    void write(std::stop_token stop);

    UniqueFd socket_;
    std::string name_;
    Room& room_;
    Limits limits_;
    Mailbox mailbox_;
    std::atomic<bool> too_slow_ = false;
    std::function<void()> on_end_;
    std::jthread writer_;  // the threads come last: they are joined before the rest is destroyed
    std::jthread reader_;
    // END SOLUTION
};

}  // namespace lab
