// The proactor: starts operations, waits for their completions, calls their handlers.
#include "part_b/proactor.hpp"

// BEGIN SOLUTION
#include <cassert>
#include <utility>

namespace lab {

void Proactor::async_accept(int listener, Handler handler) {
    start(Operation::Kind::accept, listener, {}, std::move(handler));
}

void Proactor::async_receive(int fd, Handler handler) {
    start(Operation::Kind::receive, fd, {}, std::move(handler));
}

void Proactor::async_send(int fd, std::string_view bytes, Handler handler) {
    start(Operation::Kind::send, fd, bytes, std::move(handler));
}

void Proactor::async_readable(int fd, Handler handler) {
    start(Operation::Kind::readable, fd, {}, std::move(handler));
}

void Proactor::start(Operation::Kind kind, int fd, std::string_view bytes, Handler handler) {
    const OperationId id = ++last_id_;
    handlers_.emplace(id, std::move(handler));
    source_->submit({id, kind, fd, bytes});
}

void Proactor::cancel(int fd) {
    source_->cancel(fd);
}

Proactor::Timer Proactor::after(std::chrono::milliseconds delay, Task task) {
    return timers_.emplace(Clock::now() + delay, std::move(task));
}

void Proactor::post(Task task) {
    const bool first = [&] {
        auto posted = posted_.lock();
        posted->push_back(std::move(task));
        return posted->size() == 1;
    }();
    // The loop takes all that is posted at once: only the first of a batch has to wake it.
    if (first)
        source_->wake();
}

void Proactor::run() {
    // Everything is read before anything is written: what is deferred while a round's completions
    // are handled sees the whole round, and goes out in one piece.  // LAB: read-all-then-write
    while (!stop_.stop_requested()) {
        for (const Completion& completion : source_->wait(patience()))
            dispatch(completion);
        run_posted();
        run_due();
        run_deferred();
    }
}

void Proactor::stop() {
    stop_.request_stop();
    source_->wake();
}

void Proactor::dispatch(const Completion& completion) {
    const auto found = handlers_.find(completion.id);
    assert(found != handlers_.end() && "nothing follows an operation's last completion");
    if (completion.more)
        return found->second(completion);
    // Its last call: the handler is taken out first, for it may destroy what it belongs to.
    const auto node = handlers_.extract(found);
    node.mapped()(completion);
}

void Proactor::run_posted() {
    std::vector<Task> tasks;
    std::swap(tasks, *posted_.lock());
    for (const Task& task : tasks)
        task();
}

void Proactor::run_due() {
    while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
        const auto node = timers_.extract(timers_.begin());
        node.mapped()();
    }
}

// A task may defer another one, which still belongs to this round.
void Proactor::run_deferred() {
    for (std::vector<Task> tasks; !deferred_.empty(); tasks.clear()) {
        std::swap(tasks, deferred_);
        for (const Task& task : tasks)
            task();
    }
}

// Without a timer the loop sleeps until something happens: an idle proactor never wakes up.
std::optional<std::chrono::milliseconds> Proactor::patience() const {
    if (timers_.empty())
        return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now());
}

}  // namespace lab
// END SOLUTION
