// server.cpp: chat server with a thread per client and non-blocking sockets
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

class Chat {
    std::mutex mtx;
    std::vector<int> users;

    static bool sendLine(int fd, const std::string &line) {
        auto giveUp = std::chrono::steady_clock::now() + std::chrono::seconds(2);
        size_t done = 0;
        while (done < line.size()) {
            ssize_t n = send(fd, line.data() + done, line.size() - done, MSG_NOSIGNAL);
            if (n > 0)
                done += n;
            else if (errno != EAGAIN || std::chrono::steady_clock::now() > giveUp)
                return false;
        }
        return true;
    }

public:
    void add(int fd) {
        std::lock_guard<std::mutex> guard(mtx);
        users.push_back(fd);
    }

    void remove(int fd) {
        std::lock_guard<std::mutex> guard(mtx);
        users.erase(std::find(users.begin(), users.end(), fd));
        close(fd);
    }

    void send_to_all_but(int sender, const std::string &line) {
        std::lock_guard<std::mutex> guard(mtx);
        for (int fd : users)
            if (fd != sender && !sendLine(fd, line))
                shutdown(fd, SHUT_RDWR);
    }
};

Chat chat;

void client(int fd) {
    std::string line;
    char buf[1024];
    for (;;) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
            std::this_thread::yield(); // nothing there yet
            continue;
        }
        if (n <= 0)
            break;
        for (int i = 0; i < n; i++) {
            line += buf[i];
            if (buf[i] == '\n') {
                chat.send_to_all_but(fd, line);
                line.clear();
            }
        }
    }
    if (!line.empty())
        chat.send_to_all_but(fd, line + "\n");
    std::cerr << "user " + std::to_string(fd) + " is gone\n";
    chat.remove(fd);
}

int parsePort(const std::string &s) {
    if (s.empty() || s.size() > 5 || !std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return -1;
    return std::stoi(s) <= 65535 ? std::stoi(s) : -1;
}

int main(int argc, char **argv) {
    int port = argc > 1 ? parsePort(argv[1]) : 9034;
    if (argc > 2 || port < 0) {
        std::cerr << "Usage: ./server [port]" << std::endl;
        return 2;
    }
    std::signal(SIGINT, [](int) { _exit(0); });
    std::signal(SIGTERM, [](int) { _exit(0); });

    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in addr;
    socklen_t addrlen = sizeof addr;
    std::memset(&addr, 0, sizeof addr);
    addr.sin_family = AF_INET;
    addr.sin_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 100) < 0) {
        std::perror("server");
        return 1;
    }
    getsockname(listener, (sockaddr *)&addr, &addrlen);
    std::cout << "Listening on port: [" << ntohs(addr.sin_port) << "] ..." << std::endl;

    while (true) {
        int fd = accept(listener, nullptr, nullptr);
        if (fd < 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            continue;
        }
        fcntl(fd, F_SETFL, O_NONBLOCK); // so that no client can block a thread
        chat.add(fd);
        try {
            std::thread(client, fd).detach();
        } catch (const std::system_error &) {
            chat.remove(fd);
        }
    }
}
