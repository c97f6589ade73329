// Owns the workers and their threads, and joins those that have ended.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "bonus/worker.hpp"

namespace lab {

// A thread cannot join itself, so one that has ended is handed to the reaper, a thread that waits
// for nothing else; as in part_a/sessions.hpp.
class Workers {
  public:
    Workers();

    // Asks all workers to stop, and waits until the last one has ended.
    ~Workers();

    // Gives `worker` a thread. Throws std::system_error when the system has none left.
    void start(std::unique_ptr<Worker> worker);

  private:
    struct Employed {
        std::unique_ptr<Worker> worker;
        std::jthread thread;
    };
    using Place = std::list<Employed>::iterator;
    void end(Place employed);
    void reap(const std::stop_token& stop);

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::list<Employed> running_;  // these two are protected by mutex_
    std::list<Employed> ended_;
    std::jthread reaper_;
};

}  // namespace lab
