// Where a handler runs that may block: on a thread of its own.
#pragma once

#include <functional>
#include <list>
#include <thread>

namespace lab {

// Starts a short-lived thread for each piece of work and joins it as soon as it has ended. All
// calls belong to the loop's thread; the destructor to whoever destroys it after the loop's end.
class ThreadExecutor {
  public:
    using Task = std::function<void()>;

    // `post` hands a task over to the loop, and can be called from any thread.
    explicit ThreadExecutor(std::function<void(Task)> post) : post_(std::move(post)) {}

    // Runs `work` on a new thread. When that thread has ended, `afterwards` runs on the loop. False
    // when the system has no thread left: then nothing has happened, and one can try again later.
    [[nodiscard]] bool execute(Task work, Task afterwards);

    // Waits for the threads that still run; what was to happen afterwards no longer does.
    ~ThreadExecutor() = default;

  private:
    std::function<void(Task)> post_;
    // BEGIN SOLUTION
    std::list<std::jthread> threads_;
    // END SOLUTION
};

}  // namespace lab
