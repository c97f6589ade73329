// A chat client of streams: main reads lines from cin, a second thread prints to cout what the server says.
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

enum class Ending { none, input_first, server_first };

std::atomic<Ending> ending{Ending::none};    // who has ended the talk
std::atomic<bool> server_closed{false};
std::atomic<bool> printing{false};
std::atomic<Clock::rep> last_heard{0};

int connect_to(const std::string &host, const std::string &port)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *list = nullptr;
    if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &list); error != 0) {
        std::cerr << host << ": " << gai_strerror(error) << std::endl;
        return -1;
    }
    int reason = 0;
    int fd = -1;
    for (const addrinfo *a = list; a != nullptr && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        reason = errno;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd < 0)
        std::cerr << host << ':' << port << ": " << std::strerror(reason) << std::endl;
    return fd;
}

bool send_all(int fd, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

void listen_to_the_server(int fd)
{
    std::vector<char> bytes(8192);
    for (;;) {
        const ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        printing = true;
        std::cout.write(bytes.data(), n).flush();
        last_heard = Clock::now().time_since_epoch().count();
        printing = false;
    }
    Ending so_far = Ending::none;
    if (ending.compare_exchange_strong(so_far, Ending::server_first)) {
        std::cerr << "The server has closed the connection." << std::endl;
        _exit(1); // main may wait for the keyboard for ever
    }
    server_closed = true;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc > 3) {
        std::cerr << "usage: " << argv[0] << " [host] [port]" << std::endl;
        return 2;
    }
    const int fd = connect_to(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    if (fd < 0)
        return 1;
    std::cin.tie(nullptr);
    std::thread listener(listen_to_the_server, fd);

    std::string line;
    while (std::getline(std::cin, line)) {
        line += '\n';
        if (!send_all(fd, line))
            listener.join(); // it notices the same, and ends the program
    }

    Ending so_far = Ending::none;
    if (!ending.compare_exchange_strong(so_far, Ending::input_first))
        listener.join();
    const auto end_of_input = Clock::now();
    last_heard = end_of_input.time_since_epoch().count();
    shutdown(fd, SHUT_WR);
    while (!server_closed) {
        std::this_thread::sleep_for(10ms);
        const auto now = Clock::now();
        const auto heard = Clock::time_point(Clock::duration(last_heard.load()));
        if (now > end_of_input + 5s || (!printing && now > heard + 1s))
            break;
    }
    if (server_closed)
        listener.join();
    else
        listener.detach(); // nothing more to wait for
    return 0;
}
