// One client: a thread that reads its lines, and one that writes what the others say.
#include "client.hpp"
#include "log.hpp"
#include "room.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace chat {

Client::~Client()
{
    close(fd_);
}

void Client::start(Room &room, std::function<void()> gone)
{
    writer_ = std::thread([this] { write_lines(); });
    try {
        reader_ = std::thread([this, &room, gone = std::move(gone)] {
            read_lines(room);
            gone();
        });
    } catch (...) {
        hang_up();
        writer_.join();
        throw;
    }
}

void Client::join()
{
    if (reader_.joinable())
        reader_.join();
    if (writer_.joinable())
        writer_.join();
}

void Client::hang_up()
{
    hung_up_ = true;
    shutdown(fd_, SHUT_RDWR);
    std::lock_guard lock(mutex_);
    no_more_ = true;
    queue_.clear();
    changed_.notify_all();
}

void Client::deliver(std::shared_ptr<const std::string> message)
{
    std::unique_lock lock(mutex_);
    if (no_more_)
        return;
    if (queued_ + message->size() <= longest_queue) {
        queued_ += message->size();
        queue_.push_back(std::move(message));
        changed_.notify_all();
        return;
    }
    lock.unlock();
    log("client " + std::to_string(number_) + " does not read and is disconnected");
    hang_up();
}

void Client::read_lines(Room &room)
{
    std::vector<char> chunk(16 * 1024);
    try {
        while (!hung_up_) {
            ssize_t n = recv(fd_, chunk.data(), chunk.size(), 0);
            if (n < 0 && errno == EINTR)
                continue;
            if (n == 0 && !unfinished_.empty() && !hung_up_)
                take_in(room, "\n", 1);
            if (n <= 0 || !take_in(room, chunk.data(), static_cast<size_t>(n)))
                break;
        }
    } catch (const std::bad_alloc &) {
        log("no memory for client " + std::to_string(number_));
        hang_up();
    }
    room.leave(*this);
    log("client " + std::to_string(number_) + " has left");
    say_goodbye();
}

// Cuts the bytes into lines. False: the client has to go.
bool Client::take_in(Room &room, const char *bytes, size_t size)
{
    while (size > 0) {
        auto end = static_cast<const char *>(std::memchr(bytes, '\n', size));
        size_t piece = end ? static_cast<size_t>(end - bytes) : size;
        unfinished_.append(bytes, piece);
        if (unfinished_.size() > longest_line) {
            log("client " + std::to_string(number_) + " sends an endless line, disconnected");
            hang_up();
            return false;
        }
        if (!end)
            return true;
        room.relay(*this, unfinished_);
        unfinished_.clear();
        bytes += piece + 1;
        size -= piece + 1;
    }
    return true;
}

// What is queued may still go out, for one second.
void Client::say_goodbye()
{
    std::unique_lock lock(mutex_);
    no_more_ = true;
    changed_.notify_all();
    if (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return written_; })) {
        lock.unlock();
        hang_up();
    }
}

void Client::write_lines()
{
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return no_more_ || !queue_.empty(); });
        if (queue_.empty())
            break;
        auto message = queue_.front();
        queue_.pop_front();
        lock.unlock();
        bool sent = send_all(*message);
        lock.lock();
        queued_ -= message->size();
        if (!sent) {
            no_more_ = true;
            break;
        }
    }
    written_ = true;
    changed_.notify_all();
}

bool Client::send_all(const std::string &bytes)
{
    size_t sent = 0;
    while (sent < bytes.size()) {
        ssize_t n = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            sent += static_cast<size_t>(n);
    }
    return true;
}

}
