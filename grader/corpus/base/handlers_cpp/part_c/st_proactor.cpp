// The chat room on the handler interface: one handler accepts, one serves the clients, and a
// sender thread has patience with clients that do not read.
#include "listen.hpp"
#include "st_proactor.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxLine = 1 << 20;
constexpr size_t kMaxWaiting = 8 << 20;
constexpr auto kFarewell = std::chrono::seconds(1);
constexpr auto kRest = std::chrono::milliseconds(100);

struct Client {
    int number = 0;
    std::string in; // the unfinished line; used by this client's handler only
    // The rest is guarded by the room's lock.
    std::string out;
    size_t sent = 0;
    bool hung_up = false; // its handler is to end the visit
    bool leaving = false; // no handler any more, it only gets what waits for it
    Clock::time_point deadline{};
};

// Who is there. Nothing that is done under the lock can block.
struct Room {
    std::mutex mutex;
    std::map<int, std::shared_ptr<Client>> clients; // by descriptor
    int last_number = 0;
    int sender_epoll = -1; // the clients that something waits for
    int sender_wake = -1;
    bool stopping = false;
};
Room room;

void log_line(const std::string &text) {
    static std::mutex mutex;
    std::lock_guard lock(mutex);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

std::string name_of(const Client &client) {
    return "client " + std::to_string(client.number);
}

void wake_sender() {
    const uint64_t one = 1;
    while (write(room.sender_wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

// Lets the client's handler see an end-of-file. The lock is held.
void hang_up(int fd, Client &client) {
    client.hung_up = true;
    client.out.clear();
    client.sent = 0;
    shutdown(fd, SHUT_RDWR);
}

// Sends what the kernel takes. The lock is held.
void flush(int fd, Client &client) {
    while (client.sent < client.out.size()) {
        const ssize_t n = send(fd, client.out.data() + client.sent, client.out.size() - client.sent,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            client.sent += n;
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            hang_up(fd, client);
            return;
        }
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

// The sender is told when the client can take more. The lock is held.
void send_later(int fd) {
    epoll_event event{};
    event.events = EPOLLOUT | EPOLLONESHOT;
    event.data.fd = fd;
    if (epoll_ctl(room.sender_epoll, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT)
        epoll_ctl(room.sender_epoll, EPOLL_CTL_ADD, fd, &event);
}

// Nobody uses the descriptor from here on. The lock is held.
void forget(int fd) {
    epoll_ctl(room.sender_epoll, EPOLL_CTL_DEL, fd, nullptr);
    room.clients.erase(fd);
    close(fd);
}

void relay(int from, const Client &sender, std::string_view lines) {
    std::string text;
    for (size_t begin = 0; begin < lines.size();) {
        const size_t end = lines.find('\n', begin);
        text += text.empty() ? "" : "\n";
        text += name_of(sender) + ": ";
        text += lines.substr(begin, std::min<size_t>(end - begin, 200));
        begin = end + 1;
    }
    log_line(text);
    std::string too_slow;
    {
        std::lock_guard lock(room.mutex);
        for (auto &[fd, client] : room.clients) {
            if (fd == from || client->hung_up || client->leaving)
                continue;
            if (client->out.size() - client->sent + lines.size() > kMaxWaiting) {
                too_slow += name_of(*client) + " reads too slowly, disconnected\n";
                hang_up(fd, *client);
                continue;
            }
            const bool waits = !client->out.empty();
            client->out += lines;
            if (waits)
                continue;
            flush(fd, *client);
            if (!client->out.empty())
                send_later(fd);
        }
    }
    if (!too_slow.empty()) {
        too_slow.pop_back();
        log_line(too_slow);
    }
}

// The visit is over. What waits for the client may still be sent, if it only stopped talking.
void leave(void *proactor, int fd, Client &client, bool politely) {
    removeHandler(proactor, fd);
    {
        std::lock_guard lock(room.mutex);
        if (politely && !client.hung_up && !client.out.empty()) {
            client.leaving = true;
            client.deadline = Clock::now() + kFarewell;
            wake_sender();
        } else {
            forget(fd);
        }
    }
    log_line(name_of(client) + " has left");
}

void serve_client(void *proactor, int fd) {
    std::shared_ptr<Client> client;
    bool hung_up;
    {
        std::lock_guard lock(room.mutex);
        auto found = room.clients.find(fd);
        if (found == room.clients.end())
            return;
        client = found->second;
        hung_up = client->hung_up;
    }
    if (hung_up) {
        leave(proactor, fd, *client, false);
        return;
    }
    std::string buffer(64 << 10, '\0');
    const ssize_t n = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            leave(proactor, fd, *client, false);
        return;
    }
    if (n == 0) {
        if (!client->in.empty())
            relay(fd, *client, client->in + '\n');
        leave(proactor, fd, *client, true);
        return;
    }
    const std::string_view chunk(buffer.data(), n);
    const size_t first = chunk.find('\n');
    if (client->in.size() + std::min<size_t>(first, n) > kMaxLine) {
        log_line(name_of(*client) + " sends an endless line, disconnected");
        leave(proactor, fd, *client, false);
        return;
    }
    if (first == std::string_view::npos) {
        client->in += chunk;
        return;
    }
    const size_t end = chunk.rfind('\n') + 1;
    std::string lines = std::move(client->in);
    lines += chunk.substr(0, end);
    client->in = chunk.substr(end);
    relay(fd, *client, lines);
}

void accept_client(void *proactor, int listener) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            std::this_thread::sleep_for(kRest); // only the listener waits for this handler
        return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto client = std::make_shared<Client>();
    {
        std::lock_guard lock(room.mutex);
        client->number = ++room.last_number;
        room.clients.emplace(fd, client);
    }
    log_line(name_of(*client) + " has joined");
    if (addFD2Proactor(proactor, fd, serve_client) < 0) {
        log_line(name_of(*client) + " cannot be served: " + std::strerror(errno));
        std::lock_guard lock(room.mutex);
        forget(fd);
    }
}

// Ends the farewells whose time is over, and tells how long the sender may sleep. The lock is held.
int end_farewells() {
    const auto now = Clock::now();
    int sleep = -1;
    for (auto it = room.clients.begin(); it != room.clients.end();) {
        const auto [fd, client] = *it++;
        if (!client->leaving)
            continue;
        if (client->out.empty() || now >= client->deadline)
            forget(fd);
        else
            sleep = 50;
    }
    return sleep;
}

void send_what_waits() {
    epoll_event events[64];
    int sleep = -1;
    for (;;) {
        const int n = epoll_wait(room.sender_epoll, events, 64, sleep);
        std::lock_guard lock(room.mutex);
        if (room.stopping)
            return;
        for (int i = 0; i < n; i++) {
            const int fd = events[i].data.fd;
            if (fd == room.sender_wake) {
                uint64_t count;
                if (read(fd, &count, sizeof count) < 0)
                    continue;
            } else if (auto found = room.clients.find(fd); found != room.clients.end()) {
                flush(fd, *found->second);
                if (!found->second->out.empty())
                    send_later(fd);
            }
        }
        sleep = end_farewells();
    }
}

int listen_on(int port, bool six) {
    const int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return six && errno == EAFNOSUPPORT ? listen_on(port, false) : -1;
    const int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in6 address6{};
    sockaddr_in address4{};
    address6.sin6_family = AF_INET6;
    address4.sin_family = AF_INET;
    address6.sin6_port = address4.sin_port = htons(static_cast<uint16_t>(port));
    if (six)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    const int result = six ? bind(fd, reinterpret_cast<sockaddr *>(&address6), sizeof address6)
                           : bind(fd, reinterpret_cast<sockaddr *>(&address4), sizeof address4);
    if (result < 0 || listen(fd, SOMAXCONN) < 0) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int port_of(int fd) {
    sockaddr_in6 address{}; // the port is at the same place in an IPv4 address
    socklen_t length = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length);
    return ntohs(address.sin6_port);
}

void watch_sender_wake() {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = room.sender_wake;
    if (epoll_ctl(room.sender_epoll, EPOLL_CTL_ADD, room.sender_wake, &event) < 0)
        throw std::system_error(errno, std::generic_category(), "epoll");
}

int serve(int port, const sigset_t &stop) {
    const int listener = listen_on(port, true);
    if (listener < 0) {
        std::perror("listen");
        return 1;
    }
    room.sender_epoll = epoll_create1(EPOLL_CLOEXEC);
    room.sender_wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    watch_sender_wake();
    void *proactor = createProactor();
    if (!proactor || addFD2Proactor(proactor, listener, accept_client) < 0) {
        std::perror("proactor");
        return 1;
    }
    std::thread sender(send_what_waits);
    std::thread loop(runProactor, proactor);
    std::printf("Listening on port: [%d] ...\n", port_of(listener));
    std::fflush(stdout);

    int signal_number = 0;
    sigwait(&stop, &signal_number);
    cancelProactor(proactor);
    loop.join();
    destroyProactor(proactor);
    {
        std::lock_guard lock(room.mutex);
        room.stopping = true;
        wake_sender();
    }
    sender.join();
    while (!room.clients.empty())
        forget(room.clients.begin()->first);
    close(listener);
    close(room.sender_epoll);
    close(room.sender_wake);
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    const int port = port_argument(argc, argv);
    if (port < 0)
        return 2;
    const sigset_t stop = block_stop_signals();
    try {
        return serve(port, stop);
    } catch (const std::system_error &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
