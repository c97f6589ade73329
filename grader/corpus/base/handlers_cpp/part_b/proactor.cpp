#include "proactor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxLine = 1 << 20;
constexpr size_t kMaxWaiting = 8 << 20;
constexpr auto kFarewell = std::chrono::seconds(1);
constexpr auto kRest = std::chrono::milliseconds(100);
constexpr uint64_t kWake = 0, kListener = UINT64_MAX;

struct Client {
    int fd;
    std::string in;       // a line that has not ended yet
    std::string out;      // what the client has not taken yet, from `sent` on
    size_t sent = 0;
    bool leaving = false; // its input has ended, it may still read what waits for it
    bool broken = false;  // to be closed at the next opportunity
    bool wants_out = false;
    Clock::time_point deadline{};
};

void log_line(std::string text) {
    text += '\n';
    for (size_t done = 0; done < text.size();) {
        const ssize_t n = write(STDERR_FILENO, text.data() + done, text.size() - done);
        if (n < 0 && errno != EINTR)
            return;
        done += n > 0 ? n : 0;
    }
}

int listen_on(int port) {
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool six = fd >= 0;
    if (!six && errno == EAFNOSUPPORT)
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    const int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in6 six_address{};
    sockaddr_in four_address{};
    six_address.sin6_family = AF_INET6;
    six_address.sin6_port = four_address.sin_port = htons(static_cast<uint16_t>(port));
    four_address.sin_family = AF_INET;
    int result;
    if (six) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        result = bind(fd, reinterpret_cast<sockaddr *>(&six_address), sizeof six_address);
    } else {
        result = bind(fd, reinterpret_cast<sockaddr *>(&four_address), sizeof four_address);
    }
    if (result < 0 || listen(fd, SOMAXCONN) < 0) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int port_of(int fd) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length) < 0)
        return -1;
    if (address.ss_family == AF_INET)
        return ntohs(reinterpret_cast<sockaddr_in *>(&address)->sin_port);
    return ntohs(reinterpret_cast<sockaddr_in6 *>(&address)->sin6_port);
}

} // namespace

struct proactor {
    int listener = -1, epoll = -1, wake = -1;
    int port = -1;
    std::mutex mutex; // guards the two flags; everything else belongs to the loop
    std::condition_variable changed;
    bool stopped = false;
    bool running = false;

    std::map<uint64_t, Client> clients;
    uint64_t next_number = 1;
    bool resting = false; // no descriptors left: the listener is not watched for a while
    Clock::time_point rest_until{};
    std::string buffer;

    ~proactor() {
        for (auto &[number, client] : clients)
            close(client.fd);
        for (int fd : {listener, epoll, wake})
            if (fd >= 0)
                close(fd);
    }

    bool watch(int operation, int fd, uint32_t events, uint64_t number) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = number;
        return epoll_ctl(epoll, operation, fd, &event) == 0;
    }

    void update(uint64_t number, Client &client) {
        client.wants_out = client.sent < client.out.size();
        watch(EPOLL_CTL_MOD, client.fd,
              (client.leaving ? 0u : EPOLLIN) | (client.wants_out ? EPOLLOUT : 0u), number);
    }

    void accept_clients() {
        for (int i = 0; i < 64; i++) {
            const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) {
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                    resting = true;
                    rest_until = Clock::now() + kRest;
                    watch(EPOLL_CTL_MOD, listener, 0, kListener);
                    return;
                }
                if (errno == EAGAIN)
                    return;
                continue; // that connection has gone already
            }
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            const uint64_t number = next_number++;
            if (!watch(EPOLL_CTL_ADD, fd, EPOLLIN, number)) {
                close(fd);
                continue;
            }
            clients.emplace(number, Client{.fd = fd, .in = {}, .out = {}});
            log_line("client " + std::to_string(number) + " has joined");
        }
    }

    // Sends what the kernel takes. Never blocks.
    void flush(Client &client) {
        while (!client.broken && client.sent < client.out.size()) {
            const ssize_t n = send(client.fd, client.out.data() + client.sent,
                                   client.out.size() - client.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n >= 0)
                client.sent += n;
            else if (errno == EAGAIN)
                break;
            else if (errno != EINTR)
                client.broken = true;
        }
        if (client.sent == client.out.size()) {
            client.out.clear();
            client.out.shrink_to_fit();
            client.sent = 0;
        } else if (client.sent > kMaxLine) {
            client.out.erase(0, client.sent);
            client.sent = 0;
        }
    }

    void relay(uint64_t from, std::string_view lines) {
        std::string text;
        for (size_t begin = 0; begin < lines.size();) {
            const size_t end = lines.find('\n', begin);
            text += text.empty() ? "" : "\n";
            text += "client " + std::to_string(from) + ": ";
            text += lines.substr(begin, std::min<size_t>(end - begin, 200));
            begin = end + 1;
        }
        log_line(text);
        for (auto &[number, client] : clients) {
            if (number == from || client.leaving || client.broken)
                continue;
            if (client.out.size() - client.sent + lines.size() > kMaxWaiting) {
                log_line("client " + std::to_string(number) + " reads too slowly, disconnected");
                client.broken = true;
                continue;
            }
            client.out += lines;
            if (!client.wants_out) {
                flush(client);
                if (!client.broken && client.sent < client.out.size())
                    update(number, client);
            }
        }
    }

    void receive(uint64_t number, Client &client) {
        const ssize_t n = recv(client.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR)
                client.broken = true;
            return;
        }
        if (n == 0) {
            if (!client.in.empty()) {
                relay(number, client.in + '\n');
                client.in.clear();
            }
            client.leaving = true;
            client.deadline = Clock::now() + kFarewell;
            flush(client);
            if (client.out.empty())
                client.broken = true;
            else
                update(number, client);
            return;
        }
        const std::string_view chunk(buffer.data(), n);
        const size_t first = chunk.find('\n');
        if (client.in.size() + std::min<size_t>(first, n) > kMaxLine) {
            log_line("client " + std::to_string(number) + " sends an endless line, disconnected");
            client.broken = true;
            return;
        }
        if (first == std::string_view::npos) {
            client.in += chunk;
            return;
        }
        const size_t end = chunk.rfind('\n') + 1;
        std::string lines = std::move(client.in);
        lines += chunk.substr(0, end);
        client.in = chunk.substr(end);
        relay(number, lines);
    }

    // Closes who is to be closed, and tells how long the loop may sleep.
    int tidy() {
        const auto now = Clock::now();
        auto next = Clock::time_point::max();
        for (auto it = clients.begin(); it != clients.end();) {
            Client &client = it->second;
            if (client.broken || (client.leaving && now >= client.deadline)) {
                close(client.fd);
                log_line("client " + std::to_string(it->first) + " has left");
                it = clients.erase(it);
                continue;
            }
            if (client.leaving)
                next = std::min(next, client.deadline);
            ++it;
        }
        if (resting && now >= rest_until) {
            resting = false;
            watch(EPOLL_CTL_MOD, listener, EPOLLIN, kListener);
        }
        if (resting)
            next = std::min(next, rest_until);
        if (next == Clock::time_point::max())
            return -1;
        return std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    }

    bool is_stopped() {
        std::lock_guard lock(mutex);
        return stopped;
    }

    void loop() {
        epoll_event events[64];
        buffer.resize(64 << 10);
        while (!is_stopped()) {
            const int n = epoll_wait(epoll, events, 64, tidy());
            for (int i = 0; i < n; i++) {
                const uint64_t number = events[i].data.u64;
                if (number == kWake)
                    continue; // told to stop
                if (number == kListener) {
                    accept_clients();
                    continue;
                }
                auto found = clients.find(number);
                if (found == clients.end() || found->second.broken)
                    continue;
                Client &client = found->second;
                if (events[i].events & EPOLLOUT) {
                    flush(client);
                    if (client.leaving && client.out.empty())
                        client.broken = true;
                    update(number, client);
                }
                if (client.leaving) {
                    if (events[i].events & (EPOLLHUP | EPOLLERR))
                        client.broken = true;
                } else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
                    receive(number, client);
                }
            }
        }
    }
};

proactor_t *proactor_create(int port) {
    if (port < 0 || port > 65535) {
        errno = EINVAL;
        return nullptr;
    }
    std::unique_ptr<proactor> p(new (std::nothrow) proactor);
    if (!p) {
        errno = ENOMEM;
        return nullptr;
    }
    p->listener = listen_on(port);
    if (p->listener < 0 || (p->port = port_of(p->listener)) < 0 ||
        (p->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
        (p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0 ||
        !p->watch(EPOLL_CTL_ADD, p->wake, EPOLLIN, kWake) ||
        !p->watch(EPOLL_CTL_ADD, p->listener, EPOLLIN, kListener)) {
        const int error = errno;
        p.reset();
        errno = error;
        return nullptr;
    }
    return p.release();
}

int proactor_port(const proactor_t *p) {
    if (!p) {
        errno = EINVAL;
        return -1;
    }
    return p->port;
}

void *proactor_thread(void *argument) {
    auto *p = static_cast<proactor *>(argument);
    {
        std::lock_guard lock(p->mutex);
        p->running = true;
    }
    p->loop();
    std::lock_guard lock(p->mutex);
    p->running = false;
    p->changed.notify_all();
    return nullptr;
}

void proactor_stop(proactor_t *p) {
    if (!p)
        return;
    std::lock_guard lock(p->mutex);
    p->stopped = true;
    const uint64_t one = 1;
    while (write(p->wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void proactor_destroy(proactor_t *p) {
    if (!p)
        return;
    proactor_stop(p);
    {
        std::unique_lock lock(p->mutex);
        p->changed.wait(lock, [p] { return !p->running; });
    }
    delete p;
}
