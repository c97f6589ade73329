// Chat client: main waits for its two threads, the ear and the mouth.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <iostream>
#include <mutex>
#include <netdb.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

class Conversation {
public:
    Conversation(const char *host, const char *port)
    {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo *list = nullptr;
        if (int error = ::getaddrinfo(host, port, &hints, &list))
            throw std::runtime_error(std::string(host) + ": " + ::gai_strerror(error));
        std::string reason = "no address";
        for (addrinfo *a = list; a && fd_ < 0; a = a->ai_next) {
            fd_ = ::socket(a->ai_family, a->ai_socktype, a->ai_protocol);
            if (fd_ >= 0 && ::connect(fd_, a->ai_addr, a->ai_addrlen) == 0)
                break;
            reason = std::strerror(errno);
            if (fd_ >= 0)
                ::close(fd_);
            fd_ = -1;
        }
        ::freeaddrinfo(list);
        if (fd_ < 0)
            throw std::runtime_error(std::string(host) + ":" + port + ": " + reason);
    }

    ~Conversation() { ::close(fd_); }

    int run()
    {
        auto closed = closed_.get_future();
        std::thread ear([this] { listen(); });
        std::thread mouth([this] { talk(); });
        mouth.join(); // or the ear ends the program
        auto end = Clock::now() + 5s;
        while (true) {
            auto until = std::min(end, last_heard() + 1s);
            if (Clock::now() >= until || closed.wait_until(until) == std::future_status::ready)
                break;
        }
        ::shutdown(fd_, SHUT_RDWR);
        ear.join();
        return 0;
    }

private:
    void talk()
    {
        char *line = nullptr;
        std::size_t capacity = 0;
        ssize_t size;
        while ((size = ::getline(&line, &capacity, stdin)) > 0) {
            say(line, static_cast<std::size_t>(size));
            if (line[size - 1] != '\n')
                say("\n", 1);
        }
        std::free(line);
        std::lock_guard guard(mutex_);
        done_talking_ = true;
        last_heard_ = Clock::now();
        ::shutdown(fd_, SHUT_WR);
    }

    void say(const char *data, std::size_t size)
    {
        while (size > 0) {
            ssize_t n = ::send(fd_, data, size, MSG_NOSIGNAL);
            if (n < 0 && errno != EINTR)
                return; // the ear hears the end, too
            if (n > 0) {
                data += n;
                size -= static_cast<std::size_t>(n);
            }
        }
    }

    void listen()
    {
        char buffer[4096];
        ssize_t n;
        while ((n = ::recv(fd_, buffer, sizeof buffer, 0)) > 0 || (n < 0 && errno == EINTR)) {
            if (n < 0)
                continue;
            std::cout.write(buffer, n).flush();
            std::lock_guard guard(mutex_);
            last_heard_ = Clock::now();
        }
        {
            std::lock_guard guard(mutex_);
            if (!done_talking_) {
                std::cerr << "The server has closed the connection." << std::endl;
                ::_exit(EXIT_FAILURE);
            }
        }
        closed_.set_value();
    }

    Clock::time_point last_heard()
    {
        std::lock_guard guard(mutex_);
        return last_heard_;
    }

    int fd_ = -1;
    std::mutex mutex_;
    bool done_talking_ = false;
    Clock::time_point last_heard_;
    std::promise<void> closed_;
};

} // namespace

int main(int argc, char *argv[])
{
    if (argc > 3) {
        std::cerr << "Usage: " << argv[0] << " [host] [port]" << std::endl;
        return 2;
    }
    try {
        return Conversation(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034").run();
    } catch (const std::exception &e) {
        std::cerr << argv[0] << ": " << e.what() << std::endl;
        return 1;
    }
}
