// Chat client: one thread listens to the keyboard, the other to the server.
#include "net.hpp"

#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

using Clock = std::chrono::steady_clock;

static int connect_to(const std::string &host, const std::string &port)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) {
        std::cerr << "client: " << host << ": " << gai_strerror(error) << "\n";
        return -1;
    }
    int fd = -1;
    int reason = 0;
    for (addrinfo *a = found; a != nullptr && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0) {
            reason = errno;
        } else if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            reason = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    if (fd < 0)
        std::cerr << "client: " << host << " port " << port << ": " << strerror(reason) << "\n";
    return fd;
}

class ChatClient {
public:
    explicit ChatClient(int fd)
        : fd_(fd)
    {
    }

    void run()
    {
        std::thread listener(&ChatClient::listen_to_server, this);
        std::string line;
        bool connected = true;
        while (connected && std::getline(std::cin, line)) {
            line += '\n';
            connected = send_all(fd_, line.data(), line.size());
        }
        if (connected)
            say_goodbye();
        listener.join();
    }

private:
    void listen_to_server()
    {
        char buffer[16 * 1024];
        while (true) {
            ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                break;
            print(buffer, static_cast<size_t>(n));
            std::lock_guard<std::mutex> lock(mutex_);
            last_heard_ = Clock::now();
        }
        std::unique_lock<std::mutex> lock(mutex_);
        if (!input_ended_) {
            std::cerr << "client: the server has gone\n";
            _exit(1); // nothing else gets the other thread out of its read
        }
        server_gone_ = true;
        changed_.notify_all();
    }

    void print(const char *data, size_t size)
    {
        while (size > 0) {
            ssize_t n = write(STDOUT_FILENO, data, size);
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                _exit(1);
            data += n;
            size -= static_cast<size_t>(n);
        }
    }

    // end of input: hear what the others still say, for a while
    void say_goodbye()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        input_ended_ = true;
        shutdown(fd_, SHUT_WR);
        last_heard_ = Clock::now();
        auto end = last_heard_ + std::chrono::seconds(5);
        while (!server_gone_) {
            auto until = std::min(end, last_heard_ + std::chrono::seconds(1));
            if (Clock::now() >= until)
                break;
            changed_.wait_until(lock, until);
        }
        shutdown(fd_, SHUT_RDWR);
    }

    const int fd_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Clock::time_point last_heard_ = Clock::now();
    bool input_ended_ = false;
    bool server_gone_ = false;
};

int main(int argc, char *argv[])
{
    std::string host = argc > 1 ? argv[1] : "localhost";
    std::string port = argc > 2 ? argv[2] : "9034";
    if (argc > 3 || parse_port(port) < 0) {
        std::cerr << "usage: " << argv[0] << " [host] [port]\n";
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    std::ios::sync_with_stdio(false);
    int fd = connect_to(host, port);
    if (fd < 0)
        return 1;
    ChatClient(fd).run();
    close(fd);
    return 0;
}
