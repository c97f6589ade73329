// proactor.cpp - libproactor: a chat room on an epoll loop. Joins, messages and leaves are logged to stdout.
#include "proactor.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <iostream>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <vector>

namespace {

constexpr size_t kMaxLine = 1 << 20;
constexpr size_t kMaxWaiting = 3 << 20;

struct Client {
    int id = 0;
    std::string in;   // the beginning of a line
    std::string out;  // what the socket would not take yet
    bool gone = false;
};

void say(int id, const std::string &what) { std::cout << "client " << id << ' ' << what << std::endl; }

} // namespace

struct proactor_t {
    proactor_t() = default;
    proactor_t(const proactor_t &) = delete;
    ~proactor_t() {
        for (auto &c : clients_) close(c.first);
        for (int fd : {listener_, epoll_, wake_})
            if (fd >= 0) close(fd);
    }

    bool open(int port);
    int port() const { return port_; }
    void run();
    void stop();

private:
    void loop();
    void accept_one();
    void receive(int fd, Client &c);
    void send_waiting(int fd, Client &c);
    void broadcast(int sender, const std::string &lines);
    void remove_gone();
    void watch(int op, int fd, uint32_t events) {
        epoll_event e{};
        e.events = events;
        e.data.fd = fd;
        epoll_ctl(epoll_, op, fd, &e);
    }

    int listener_ = -1, epoll_ = -1, wake_ = -1, port_ = 0, last_id_ = 0;
    bool out_of_fds_ = false;
    std::map<int, Client> clients_; // by descriptor
    std::mutex mutex_;              // for running_
    std::condition_variable ended_;
    bool running_ = false;
};

bool proactor_t::open(int port) {
    listener_ = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in6 a6{};
    sockaddr_in a4{};
    auto *address = reinterpret_cast<sockaddr *>(&a6);
    socklen_t length = sizeof a6;
    if (listener_ >= 0) { // one socket for IPv6 and IPv4
        int off = 0;
        setsockopt(listener_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        a6.sin6_family = AF_INET6;
        a6.sin6_port = htons(static_cast<uint16_t>(port));
    } else {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        a4.sin_family = AF_INET;
        a4.sin_port = htons(static_cast<uint16_t>(port));
        address = reinterpret_cast<sockaddr *>(&a4);
        length = sizeof a4;
    }
    int on = 1;
    if (listener_ < 0 || setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(listener_, address, length) < 0 || listen(listener_, SOMAXCONN) < 0 ||
        getsockname(listener_, address, &length) < 0)
        return false;
    port_ = ntohs(address == reinterpret_cast<sockaddr *>(&a6) ? a6.sin6_port : a4.sin_port);
    if ((epoll_ = epoll_create1(EPOLL_CLOEXEC)) < 0 || (wake_ = eventfd(0, EFD_CLOEXEC)) < 0) return false;
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
    watch(EPOLL_CTL_ADD, wake_, EPOLLIN);
    return true;
}

void proactor_t::run() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        running_ = true;
    }
    loop();
    std::lock_guard<std::mutex> lock(mutex_);
    running_ = false;
    ended_.notify_all();
}

void proactor_t::stop() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!running_) return;
    eventfd_write(wake_, 1);
    ended_.wait(lock, [this] { return !running_; });
}

void proactor_t::loop() {
    std::vector<epoll_event> events(64);
    for (;;) {
        int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), out_of_fds_ ? 100 : -1);
        if (out_of_fds_) { // perhaps somebody has left meanwhile
            out_of_fds_ = false;
            watch(EPOLL_CTL_MOD, listener_, EPOLLIN);
        }
        bool somebody_waits = false;
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == wake_) return;
            if (fd == listener_) {
                somebody_waits = true;
                continue;
            }
            Client &c = clients_.at(fd);
            if (events[i].events & EPOLLOUT) send_waiting(fd, c);
            if (events[i].events & ~EPOLLOUT && !c.gone) receive(fd, c);
        }
        remove_gone();
        if (somebody_waits) accept_one();
    }
}

void proactor_t::accept_one() {
    int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            std::cout << "accept: " << strerror(errno) << std::endl;
            out_of_fds_ = true;
            watch(EPOLL_CTL_MOD, listener_, 0);
        }
        return;
    }
    clients_[fd].id = ++last_id_;
    watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    say(last_id_, "joined");
}

void proactor_t::receive(int fd, Client &c) {
    char buffer[32768];
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        c.gone = true;
        if (n == 0 && !c.in.empty()) broadcast(fd, c.in + '\n');
        return;
    }
    size_t seen = c.in.size();
    c.in.append(buffer, static_cast<size_t>(n));
    size_t end = c.in.rfind('\n');
    if (end != std::string::npos && end >= seen) {
        std::string lines = c.in.substr(0, end + 1);
        c.in.erase(0, end + 1);
        broadcast(fd, lines);
    } else if (c.in.size() > kMaxLine) {
        say(c.id, "sent a line that is too long");
        c.gone = true;
    }
}

void proactor_t::broadcast(int sender, const std::string &lines) {
    for (size_t from = 0, to; from < lines.size(); from = to + 1) {
        to = lines.find('\n', from);
        say(clients_.at(sender).id, "says " + lines.substr(from, std::min<size_t>(to - from, 300)));
    }
    for (auto &entry : clients_) {
        Client &c = entry.second;
        if (entry.first == sender || c.gone) continue;
        if (c.out.size() + lines.size() > kMaxWaiting) {
            say(c.id, "reads too slowly");
            c.gone = true;
            continue;
        }
        bool idle = c.out.empty();
        c.out += lines;
        if (idle) send_waiting(entry.first, c);
    }
}

void proactor_t::send_waiting(int fd, Client &c) {
    ssize_t n = send(fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) c.gone = true;
    if (n > 0) c.out.erase(0, static_cast<size_t>(n));
    watch(EPOLL_CTL_MOD, fd, c.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void proactor_t::remove_gone() {
    for (auto it = clients_.begin(); it != clients_.end();) {
        if (it->second.gone) {
            say(it->second.id, "left");
            close(it->first); // takes it out of the epoll set, too
            it = clients_.erase(it);
        } else {
            ++it;
        }
    }
}

proactor_t *proactor_create(int port) {
    if (port < 0 || port > 65535) {
        errno = EINVAL;
        return nullptr;
    }
    auto *p = new (std::nothrow) proactor_t;
    if (p && !p->open(port)) {
        int why = errno;
        delete p;
        p = nullptr;
        errno = why;
    }
    return p;
}

int proactor_port(const proactor_t *proactor) { return proactor->port(); }

void *proactor_thread(void *proactor) {
    static_cast<proactor_t *>(proactor)->run();
    return nullptr;
}

void proactor_destroy(proactor_t *proactor) {
    if (!proactor) return;
    proactor->stop();
    delete proactor;
}
