// Chat client, C++20: the main thread has the keyboard, a std::jthread has the socket.
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "fd.hpp"

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

Fd dial(const char* host, const char* port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int error = ::getaddrinfo(host, port, &hints, &list))
        throw std::runtime_error{std::string{host} + ": " + ::gai_strerror(error)};
    Fd fd;
    int reason = 0;
    for (auto* a = list; a && fd.get() < 0; a = a->ai_next) {
        Fd attempt{::socket(a->ai_family, a->ai_socktype, a->ai_protocol)};
        if (::connect(attempt.get(), a->ai_addr, a->ai_addrlen) == 0)
            fd = std::move(attempt);
        else
            reason = errno;
    }
    ::freeaddrinfo(list);
    if (fd.get() < 0) throw std::system_error{reason, std::generic_category(), "connect"};
    return fd;
}

class Client {
public:
    explicit Client(Fd fd) : fd_{std::move(fd)} {}

    [[noreturn]] void run() {
        std::jthread printer{[this] { print(); }};
        for (std::string line; std::getline(std::cin, line);)
            if (!send_all(line += '\n')) printer.join();  // it knows why, and ends the program
        end_of_input();
        std::_Exit(EXIT_SUCCESS);
    }

private:
    void print() {
        char buffer[8192];
        ssize_t n;
        while ((n = ::recv(fd_.get(), buffer, sizeof buffer, 0)) > 0) {
            for (ssize_t done = 0; done < n;) {
                const auto w = ::write(STDOUT_FILENO, buffer + done, static_cast<std::size_t>(n - done));
                if (w < 0) std::_Exit(EXIT_FAILURE);
                done += w;
            }
            std::lock_guard lock{mutex_};
            ++chunks_;
            heard_.notify_one();
        }
        std::unique_lock lock{mutex_};
        if (ended_) std::_Exit(EXIT_SUCCESS);
        std::cerr << "client: the server has gone" << std::endl;
        std::_Exit(EXIT_FAILURE);
    }

    bool send_all(std::string_view text) {
        while (!text.empty()) {
            const auto n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (n < 0) return false;
            text.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    // Half-closes, and waits until a second has been silent, five in all.
    void end_of_input() {
        std::unique_lock lock{mutex_};
        ended_ = true;
        ::shutdown(fd_.get(), SHUT_WR);
        const auto last = Clock::now() + 5s;
        for (auto seen = chunks_;
             heard_.wait_until(lock, std::min(last, Clock::now() + 1s), [&] { return chunks_ != seen; }) &&
             Clock::now() < last;)
            seen = chunks_;
    }

    Fd fd_;
    std::mutex mutex_;
    std::condition_variable heard_;
    unsigned long chunks_ = 0;
    bool ended_ = false;
};

}  // namespace

int main(int argc, char* argv[]) {
    if (argc > 3) {
        std::cerr << "usage: " << argv[0] << " [host] [port]\n";
        return 2;
    }
    try {
        Client{dial(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034")}.run();
    } catch (const std::exception& error) {
        std::cerr << "client: " << error.what() << '\n';
        return 1;
    }
}
