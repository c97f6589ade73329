// Owns every session, and joins the threads of those that have ended.
#include "part_a/sessions.hpp"

#include <string>
#include <system_error>
#include <utility>

#include "common/log.hpp"

namespace lab {

Sessions::Sessions(const Limits& limits)
    : limits_(limits), reaper_([this](std::stop_token stop) { reap(std::move(stop)); }) {}

Sessions::~Sessions() {
    std::unique_lock lock(mutex_);
    for (Session& session : running_)
        session.hang_up();
    changed_.wait(lock, [this] { return running_.empty(); });
}

bool Sessions::admit(UniqueFd socket) {
    const std::string name = "client " + std::to_string(++admitted_);
    log_line(name + " has joined");
    // A client may leave before start() has returned: end() waits for this lock, and so nobody
    // destroys a session whose threads are still being stored.
    const std::lock_guard lock(mutex_);  // LAB: start-under-lock
    const auto session = running_.emplace(running_.end(), std::move(socket), name, room_, limits_);
    try {
        session->start([this, session] { end(session); });
        return true;
    } catch (const std::system_error& no_thread) {
        log_line(name + " cannot be served: " + no_thread.what());
        running_.erase(session);
        return false;
    }
}

void Sessions::wait_for_departure(std::chrono::milliseconds patience, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const std::size_t before = departures_;
    changed_.wait_for(lock, std::move(stop), patience, [&] { return departures_ != before; });
}

void Sessions::end(Place session) {
    const std::lock_guard lock(mutex_);
    ended_.splice(ended_.end(), running_, session);
    changed_.notify_all();
}

void Sessions::reap(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !ended_.empty(); })) {
        std::list<Session> ended;
        ended.swap(ended_);
        lock.unlock();  // a session is joined outside the lock, for end() needs it
        ended.clear();  // LAB: reaper
        lock.lock();
        ++departures_;
        changed_.notify_all();
    }
}

}  // namespace lab
