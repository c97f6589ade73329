#pragma once
// A reactor: some of the clients, an epoll for them, and a mailbox.
#include "post.hh"

#include <chrono>
#include <deque>
#include <map>

class Room;

struct Member {
    uint64_t number;
    int fd;
    std::string begun{};         // a line without its end
    std::deque<std::string> queue{}; // what is to be sent, in pieces
    size_t queued = 0;           // bytes in it, also those sent of the first one
    size_t sent = 0;             // of the first one
    bool full = false;           // the socket takes no more
    bool ended = false;          // its input
    bool shut = false;           // everything is sent, and our end closed as well
    bool dead = false;
    std::chrono::steady_clock::time_point close_at{};
};

class Shard {
public:
    explicit Shard(Room &room) : room_(room) {}
    ~Shard();
    bool open();
    bool open_door(int listener); // this one accepts as well
    void run();

    Mailbox mailbox;

private:
    using Clock = std::chrono::steady_clock;
    void accept_some();
    void adopt(const Letter &letter);
    void deliver(const Letter &letter);
    void read_mail();
    void read_from(Member &m);
    void send_to(Member &m);
    void input_over(Member &m);
    void watch(const Member &m);
    void door(bool open);
    int sweep();

    Room &room_;
    int epoll_ = -1, listener_ = -1;
    bool resting_ = false;
    Clock::time_point rest_until_{};
    std::map<uint64_t, Member> members_;
    std::string buffer_;
};

// What the reactors have in common.
class Room {
public:
    std::vector<std::unique_ptr<Shard>> shards;
    std::atomic<bool> stop{false};
    std::atomic<size_t> active{1};        // how many of them have a thread
    std::atomic<size_t> under_way{0};     // bytes in mailboxes
    uint64_t numbers = 0;                 // used by the first reactor only

    void broadcast(uint64_t from, Text text);
    void stop_all();
};
