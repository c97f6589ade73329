// The chat room: who is there, and how a line reaches all others.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

class Room;

// One client: a thread that reads from it, and a thread that writes to it.
class Client {
public:
    Client(Room &room, int fd, int number);
    ~Client();
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    // both threads; throws std::system_error when there are no threads left
    void start();

    // for the writer's thread to send; never blocks
    void post(const std::string &text);

    // wakes both threads, whatever they wait for
    void hang_up();

    void join() { reader_.join(); }

private:
    void read_loop();
    void write_loop();
    void receive();
    bool cut_lines(std::string &input, size_t &searched);
    void finish_writer();

    Room &room_;
    const int fd_;
    const int number_;
    std::thread reader_;
    std::thread writer_;

    std::mutex mutex_; // everything below
    std::condition_variable changed_;
    std::string outbox_;
    size_t in_flight_ = 0;
    bool closing_ = false;
    bool dropped_ = false;
    bool writer_done_ = false;
};

class Room {
public:
    Room();
    ~Room();

    // takes over the descriptor; throws when the client cannot be served
    void welcome(int fd);

    // to everyone but the sender
    void broadcast(const Client &sender, const std::string &line);

    // called by the client's reader: no more lines for it
    void leave(Client &client);

    // called by the client's reader as the last thing it does
    void finished(Client &client);

    // sends everyone home and waits for their threads
    void close();

private:
    using Clients = std::list<std::unique_ptr<Client>>;

    void reap();

    std::mutex mutex_; // everything below
    std::condition_variable changed_;
    Clients present_;
    Clients leaving_;
    Clients gone_;
    int next_number_ = 1;
    bool closed_ = false;

    std::thread reaper_;
};
