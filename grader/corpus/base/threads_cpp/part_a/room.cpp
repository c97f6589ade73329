#include "room.hpp"
#include "net.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

static const size_t MAX_LINE = 1024 * 1024;       // longer ones end the connection
static const size_t MAX_PENDING = 8 * 1024 * 1024; // what is kept for a slow reader
static const auto FAREWELL = std::chrono::seconds(1);

Client::Client(Room &room, int fd, int number)
    : room_(room), fd_(fd), number_(number)
{
}

Client::~Client()
{
    close(fd_);
}

void Client::start()
{
    writer_ = std::thread(&Client::write_loop, this);
    try {
        reader_ = std::thread(&Client::read_loop, this);
    } catch (...) {
        finish_writer();
        throw;
    }
}

void Client::post(const std::string &text)
{
    std::lock_guard<std::mutex> lock(mutex_);
    if (dropped_ || closing_)
        return;
    if (outbox_.size() + in_flight_ + text.size() > MAX_PENDING) {
        dropped_ = true;
        log_line("client " + std::to_string(number_) + " reads too slowly: disconnected");
        shutdown(fd_, SHUT_RDWR);
    } else {
        outbox_ += text;
    }
    changed_.notify_all();
}

void Client::hang_up()
{
    shutdown(fd_, SHUT_RDWR);
}

void Client::read_loop()
{
    try {
        receive();
    } catch (const std::exception &e) {
        log_line("client " + std::to_string(number_) + ": " + e.what());
    }
    room_.leave(*this);
    finish_writer();
    log_line("client " + std::to_string(number_) + " has left");
    room_.finished(*this);
}

void Client::receive()
{
    std::string input;
    size_t searched = 0; // there is no '\n' before this position
    char buffer[16 * 1024];
    while (true) {
        ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        if (n == 0) {
            if (!input.empty())
                room_.broadcast(*this, input + "\n");
            return;
        }
        input.append(buffer, static_cast<size_t>(n));
        if (!cut_lines(input, searched)) {
            log_line("client " + std::to_string(number_) + " sent a line that is too long: disconnected");
            return;
        }
    }
}

// sends all whole lines on, and leaves the unfinished one in the buffer
bool Client::cut_lines(std::string &input, size_t &searched)
{
    size_t begin = 0;
    while (true) {
        size_t end = input.find('\n', std::max(begin, searched));
        if (end == std::string::npos)
            break;
        if (end - begin > MAX_LINE)
            return false;
        room_.broadcast(*this, input.substr(begin, end + 1 - begin));
        begin = end + 1;
    }
    input.erase(0, begin);
    searched = input.size();
    return input.size() <= MAX_LINE;
}

void Client::write_loop()
{
    std::string batch;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !outbox_.empty() || closing_ || dropped_; });
        if (dropped_ || outbox_.empty())
            break;
        batch.clear();
        batch.swap(outbox_);
        in_flight_ = batch.size();
        lock.unlock();
        bool sent = send_all(fd_, batch.data(), batch.size());
        lock.lock();
        in_flight_ = 0;
        if (!sent) {
            dropped_ = true;
            break;
        }
    }
    outbox_.clear();
    writer_done_ = true;
    changed_.notify_all();
    shutdown(fd_, SHUT_RDWR);
}

// lets the writer send what is left, but does not wait for ever
void Client::finish_writer()
{
    {
        std::unique_lock<std::mutex> lock(mutex_);
        closing_ = true;
        changed_.notify_all();
        if (!changed_.wait_for(lock, FAREWELL, [this] { return writer_done_; }))
            shutdown(fd_, SHUT_RDWR);
    }
    writer_.join();
}

Room::Room()
    : reaper_(&Room::reap, this)
{
}

Room::~Room()
{
    close();
}

void Room::welcome(int fd)
{
    std::lock_guard<std::mutex> lock(mutex_);
    int number = next_number_++;
    present_.push_back(std::make_unique<Client>(*this, fd, number));
    try {
        present_.back()->start();
    } catch (...) {
        present_.pop_back();
        throw;
    }
    log_line("client " + std::to_string(number) + " has joined");
}

void Room::broadcast(const Client &sender, const std::string &line)
{
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &client : present_)
        if (client.get() != &sender)
            client->post(line);
}

static auto find(std::list<std::unique_ptr<Client>> &clients, const Client &client)
{
    return std::find_if(clients.begin(), clients.end(), [&](auto &c) { return c.get() == &client; });
}

void Room::leave(Client &client)
{
    std::lock_guard<std::mutex> lock(mutex_);
    leaving_.splice(leaving_.end(), present_, find(present_, client));
}

void Room::finished(Client &client)
{
    std::lock_guard<std::mutex> lock(mutex_);
    gone_.splice(gone_.end(), leaving_, find(leaving_, client));
    changed_.notify_all();
}

// joins the threads of those who have left
void Room::reap()
{
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] {
            return !gone_.empty() || (closed_ && present_.empty() && leaving_.empty());
        });
        if (gone_.empty())
            return;
        Clients batch;
        batch.swap(gone_);
        lock.unlock();
        for (auto &client : batch)
            client->join();
        batch.clear();
        lock.lock();
    }
}

void Room::close()
{
    {
        std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
        for (auto &client : present_)
            client->hang_up();
        for (auto &client : leaving_)
            client->hang_up();
        changed_.notify_all();
    }
    if (reaper_.joinable())
        reaper_.join();
}
