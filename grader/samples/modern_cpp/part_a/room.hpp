// Who is in the chat, and what waits to be sent to each of them.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <syncstream>
#include <utility>
#include <vector>

#include "fd.hpp"

inline void log_line(std::string_view text) { std::osyncstream{std::cout} << text << std::endl; }

// A client as the others see it: a queue that never makes them wait.
class Member {
public:
    static constexpr std::size_t max_queue = 4 << 20;

    Member(int id, Fd fd) : id_{id}, fd_{std::move(fd)} {}

    int id() const { return id_; }
    int fd() const { return fd_.get(); }
    std::string name() const { return "client " + std::to_string(id_); }

    void push(std::string_view text) {
        std::lock_guard lock{mutex_};
        if (closed_) return;
        if (queue_.size() + text.size() > max_queue) {
            log_line(name() + " is too slow, disconnected");
            closed_ = true;
            hang_up();
        } else {
            queue_ += text;
        }
        ready_.notify_one();
    }

    // Everything that waits; nothing once the member is closed and all has been taken.
    std::string pop() {
        std::unique_lock lock{mutex_};
        ready_.wait(lock, [this] { return closed_ || !queue_.empty(); });
        return std::exchange(queue_, {});
    }

    void close() {
        std::lock_guard lock{mutex_};
        closed_ = true;
        ready_.notify_one();
    }

    bool closed() const {
        std::lock_guard lock{mutex_};
        return closed_;
    }

    void hang_up() { ::shutdown(fd_.get(), SHUT_RDWR); }

private:
    const int id_;
    const Fd fd_;
    mutable std::mutex mutex_;
    std::condition_variable ready_;
    std::string queue_;
    bool closed_ = false;
};

class Room {
public:
    void join(std::shared_ptr<Member> member) {
        std::lock_guard lock{mutex_};
        tell_others(*member, "* " + member->name() + " has joined\n");
        members_.push_back(std::move(member));
    }

    void leave(const Member& member) {
        std::lock_guard lock{mutex_};
        std::erase_if(members_, [&](const auto& m) { return m.get() == &member; });
        tell_others(member, "* " + member.name() + " has left\n");
    }

    void say(const Member& sender, std::string_view text) {
        std::lock_guard lock{mutex_};
        tell_others(sender, text);
    }

private:
    void tell_others(const Member& sender, std::string_view text) {
        for (const auto& m : members_)
            if (m.get() != &sender) m->push(text);
    }

    std::mutex mutex_;
    std::vector<std::shared_ptr<Member>> members_;
};
