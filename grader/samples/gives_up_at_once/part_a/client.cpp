// Chat client: one thread prints what the server sends, one sends what is typed.
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

using namespace std::chrono;

namespace {
int sock = -1;
std::mutex mutex;
std::condition_variable news;
bool inputEnded = false;
bool serverClosed = false;
unsigned heard = 0; // counts what arrives

[[noreturn]] void die(const std::string &reason)
{
    std::cerr << "client: " << reason << '\n';
    _exit(1);
}

bool writeAll(const char *p, ssize_t n)
{
    for (ssize_t w; n > 0; p += w, n -= w)
        if ((w = write(STDOUT_FILENO, p, n)) < 0)
            return false;
    return true;
}

void printIncoming()
{
    char buf[4096];
    for (ssize_t n; (n = recv(sock, buf, sizeof buf, 0)) > 0 && writeAll(buf, n);) {
        std::scoped_lock lock(mutex);
        ++heard;
        news.notify_one();
    }
    std::scoped_lock lock(mutex);
    if (!inputEnded)
        die("the server closed the connection");
    serverClosed = true;
    news.notify_one();
}

void connectOrDie(const char *host, const char *port)
{
    addrinfo hints{}, *list;
    hints.ai_socktype = SOCK_STREAM;
    if (int e = getaddrinfo(host, port, &hints, &list))
        die(std::string(host) + ": " + gai_strerror(e));
    int error = 0;
    for (auto *a = list; a && sock < 0; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            sock = fd;
        else
            error = errno, close(fd);
    }
    freeaddrinfo(list);
    if (sock < 0)
        die(std::strerror(error));
}
} // namespace

int main(int argc, char **argv)
{
    connectOrDie(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    std::thread printer(printIncoming);
    std::string line;
    while (std::getline(std::cin, line)) {
        line.push_back('\n');
        for (std::size_t done = 0; done < line.size();) {
            auto n = send(sock, &line[done], line.size() - done, MSG_NOSIGNAL);
            if (n < 0)
                printer.join(); // it ends the program
            done += n;
        }
    }
    std::unique_lock lock(mutex);
    inputEnded = true;
    shutdown(sock, SHUT_WR);
    auto deadline = steady_clock::now() + 5s;
    for (bool silent = false; !silent && !serverClosed && steady_clock::now() < deadline;) {
        auto before = heard;
        auto until = std::min(deadline, steady_clock::now() + 1s);
        silent = !news.wait_until(lock, until, [&] { return serverClosed || heard != before; });
    }
    _exit(0);
}
