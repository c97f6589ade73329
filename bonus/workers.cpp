// Owns the workers and their threads, and joins those that have ended.
#include "bonus/workers.hpp"

#include <system_error>
#include <utility>

namespace lab {

Workers::Workers() : reaper_([this](const std::stop_token& stop) { reap(stop); }) {}

Workers::~Workers() {
    std::unique_lock lock(mutex_);
    for (Employed& employed : running_)
        employed.thread.request_stop();
    changed_.wait(lock, [this] { return running_.empty(); });
}

void Workers::start(std::unique_ptr<Worker> worker) {
    const std::lock_guard lock(mutex_);  // end() waits for it: the thread is stored by then
    const auto place = running_.emplace(running_.end(), Employed{std::move(worker), {}});
    try {
        place->thread = std::jthread([this, place](const std::stop_token& stop) {
            place->worker->serve(stop);
            end(place);
        });
    } catch (const std::system_error&) {
        running_.erase(place);
        throw;
    }
}

void Workers::end(Place employed) {
    const std::lock_guard lock(mutex_);
    ended_.splice(ended_.end(), running_, employed);
    changed_.notify_all();
}

void Workers::reap(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !ended_.empty(); })) {
        std::list<Employed> ended;
        ended.swap(ended_);
        lock.unlock();  // end() needs it
        ended.clear();
        lock.lock();
    }
}

}  // namespace lab
