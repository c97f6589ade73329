// One client: a thread that reads its lines, and one that writes what the others say.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace chat {

class Room;

class Client {
public:
    Client(int fd, unsigned long number) : fd_(fd), number_(number) {}
    ~Client(); // after join()
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    unsigned long number() const { return number_; }

    // Starts both threads, or none and throws. `gone` is the last thing that the reader calls.
    void start(Room &room, std::function<void()> gone);

    void deliver(std::shared_ptr<const std::string> message); // never blocks
    void hang_up();                                           // both threads will end soon
    void join();                                              // waits for both threads

private:
    void read_lines(Room &room);
    bool take_in(Room &room, const char *bytes, size_t size);
    void write_lines();
    bool send_all(const std::string &bytes);
    void say_goodbye();

    static constexpr size_t longest_line = 1 << 20;
    static constexpr size_t longest_queue = 4 << 20;

    const int fd_;
    const unsigned long number_;
    std::string unfinished_;
    std::atomic<bool> hung_up_{false};

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<const std::string>> queue_;
    size_t queued_ = 0;
    bool no_more_ = false;   // nothing will be added to the queue
    bool written_ = false;   // the writer is done

    std::thread reader_, writer_;
};

}
