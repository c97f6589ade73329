// The proactor: starts operations, waits for their completions, calls their handlers.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/guarded.hpp"
#include "part_b/completion_source.hpp"

namespace lab {

// After POSA2 (Schmidt et al., Pattern-Oriented Software Architecture 2, "Proactor"). It moves
// bytes and knows nothing of what they mean.
//
// One thread, the loop, calls run(). Every handler and task runs there, one after the other, so
// what only they use needs no lock; and none of them may block, for all others wait meanwhile.
// post() and stop() may be called from any thread, everything else only by the loop (or before
// run() begins).
class Proactor {
  public:
    // Completion says what `result` and `data` mean: see completion_source.hpp. A handler is
    // destroyed after its last call, the one whose `more` is false.
    using Handler = std::function<void(const Completion&)>;
    using Task = std::function<void()>;
    using Clock = std::chrono::steady_clock;

    explicit Proactor(std::unique_ptr<CompletionSource> source) : source_(std::move(source)) {}

    // Start an operation on a borrowed descriptor. The first two stand: their handlers are called
    // again and again until an error, an end-of-file or cancel(). A handler of async_accept owns
    // the descriptors that it is given.
    void async_accept(int listener, Handler handler);
    void async_receive(int fd, Handler handler);
    void async_send(int fd, std::string_view bytes, Handler handler);  // borrows `bytes`
    void async_readable(int fd, Handler handler);

    // Ends all operations on `fd`; when their handlers have been called, it can be closed.
    void cancel(int fd);

    // Runs `task` once, when all handlers of this round have run.
    void defer(Task task) { deferred_.push_back(std::move(task)); }

    // Runs `task` once, `delay` from now, unless cancel() forgets it before. A Timer is valid until
    // then.
    using Timer = std::multimap<Clock::time_point, Task>::const_iterator;
    Timer after(std::chrono::milliseconds delay, Task task);
    void cancel(Timer timer) { timers_.erase(timer); }

    // Runs `task` once, on the loop, soon; in the order of the calls. Any thread.
    void post(Task task);

    // Blocks until stop(). Handlers whose operations have not completed by then are never called.
    void run();

    // Ends run() when the current handler has returned; is remembered if run() has not begun. Any
    // thread, handlers included.
    void stop();

  private:
    // BEGIN SOLUTION
    void start(Operation::Kind kind, int fd, std::string_view bytes, Handler handler);
    void dispatch(const Completion& completion);
    void run_posted();
    void run_due();
    void run_deferred();
    std::optional<std::chrono::milliseconds> patience() const;

    std::stop_source stop_;
    OperationId last_id_ = 0;
    std::unordered_map<OperationId, Handler> handlers_;  // of the operations under way
    Guarded<std::vector<Task>> posted_;
    // END SOLUTION
    std::vector<Task> deferred_;
    std::multimap<Clock::time_point, Task> timers_;
    std::unique_ptr<CompletionSource> source_;  // destroyed first: it borrows what handlers keep
};

}  // namespace lab
