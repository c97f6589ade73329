// st_proactor.cpp - the chat server on the handler API: one handler accepts, another one reads a client.
#include "st_proactor.hpp"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

#include "start.hpp"

namespace {

constexpr size_t kMaxLine = 1 << 20;

std::mutex room;                    // for the clients and their sockets
std::map<int, std::string> clients; // descriptor -> the line that has begun

void broadcast(int sender, const std::string &lines) {
    for (auto &c : clients) {
        size_t done = 0;
        while (c.first != sender && done < lines.size()) {
            ssize_t n = send(c.first, lines.data() + done, lines.size() - done, MSG_NOSIGNAL);
            if (n <= 0) { // gone, or has not read for a second: its own handler will see the end
                shutdown(c.first, SHUT_RDWR);
                break;
            }
            done += static_cast<size_t>(n);
        }
    }
}

void leave(void *proactor, int fd) {
    removeHandler(proactor, fd);
    clients.erase(fd);
    close(fd);
    std::cout << fd << " left" << std::endl;
}

void on_client(void *proactor, int fd) {
    char buffer[16384];
    ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;

    std::lock_guard<std::mutex> lock(room);
    std::string &text = clients.at(fd);
    if (n <= 0) {
        if (!text.empty()) broadcast(fd, text + '\n');
        leave(proactor, fd);
        return;
    }
    text.append(buffer, static_cast<size_t>(n));
    size_t end = std::string(buffer, static_cast<size_t>(n)).rfind('\n');
    if (end != std::string::npos) {
        size_t rest = static_cast<size_t>(n) - end - 1;
        std::string lines = text.substr(0, text.size() - rest);
        text.erase(0, lines.size());
        std::cout << fd << ": " << lines << std::flush;
        broadcast(fd, lines);
    } else if (text.size() > kMaxLine) {
        std::cout << fd << ": line too long" << std::endl;
        leave(proactor, fd);
    }
}

void on_listener(void *proactor, int listener) {
    std::unique_lock<std::mutex> lock(room);
    int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) {
        bool wait = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        lock.unlock();
        if (wait) usleep(100000); // the listener stays readable: this handler would be called at once
        return;
    }
    timeval second{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    clients[fd];
    std::cout << fd << " joined" << std::endl;
    if (addFD2Proactor(proactor, fd, on_client) < 0) {
        clients.erase(fd);
        close(fd);
    }
}

int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int on = 1;
    sockaddr_in address{};
    socklen_t length = sizeof address;
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, reinterpret_cast<sockaddr *>(&address), length) < 0 || listen(fd, SOMAXCONN) < 0) {
        std::perror("bind");
        std::exit(1);
    }
    getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length);
    std::cout << "Listening on port: [" << ntohs(address.sin_port) << "] ..." << std::endl;
    return fd;
}

} // namespace

int main(int argc, char *argv[]) {
    int port = port_from(argc, argv);
    sigset_t signals = block_signals();
    int listener = listen_on(port);
    void *proactor = createProactor();
    if (!proactor || addFD2Proactor(proactor, listener, on_listener) < 0) {
        std::perror("proactor");
        return 1;
    }
    std::thread stopper([&] {
        int signal;
        sigwait(&signals, &signal);
        cancelProactor(proactor);
    });
    runProactor(proactor);
    stopper.join();
    destroyProactor(proactor); // waits for the handlers; none blocks for more than a second
    for (auto &c : clients) close(c.first);
    close(listener);
    return 0;
}
