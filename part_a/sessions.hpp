// Owns every session, and joins the threads of those that have ended.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

#include "common/limits.hpp"
#include "common/room.hpp"
#include "common/unique_fd.hpp"
#include "part_a/session.hpp"

namespace lab {

// A thread cannot join itself, so a session that has ended is handed to the reaper, a thread that
// waits for nothing else: descriptors and threads are given back at once, not at the next accept.
class Sessions {
  public:
    explicit Sessions(const Limits& limits);

    // Hangs up on everybody and waits until the last session has ended.
    ~Sessions();

    // Lets a client in: it hears every line from now on. False when the system has no thread left
    // for it; its connection is then closed.
    [[nodiscard]] bool admit(UniqueFd socket);

    // Blocks until a session has been cleared away, `patience` is over or `stop` is requested.
    void wait_for_departure(std::chrono::milliseconds patience, std::stop_token stop);

  private:
    using Place = std::list<Session>::iterator;
    void end(Place session);
    void reap(std::stop_token stop);

    const Limits limits_;
    Room room_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::list<Session> running_;  // these three are protected by mutex_
    std::list<Session> ended_;
    std::size_t departures_ = 0;
    int admitted_ = 0;  // by the accepting thread only
    std::jthread reaper_;
};

}  // namespace lab
