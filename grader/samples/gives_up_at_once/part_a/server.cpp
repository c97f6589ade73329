// Chat server. Every call is checked, and what fails ends the program: then nothing can go wrong unnoticed.
#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <condition_variable>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

using Text = std::shared_ptr<const std::string>;

constexpr std::size_t max_line = 1 << 20, max_waiting = 2 << 20;

int must(int result, const char *what) {
    if (result == -1)
        throw std::system_error(errno, std::generic_category(), what);
    return result;
}

void log(const std::string &text) {
    std::cerr << text + "\n";
}

struct Peer {
    int fd;
    std::string name;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Text> waiting;
    std::size_t bytes = 0;
    bool closed = false;

    ~Peer() { close(fd); }
    void enqueue(const Text &text);
    Text next();
    void finish();
    void write_all();
};

std::mutex peers_mutex;
std::map<int, std::shared_ptr<Peer>> peers;

void Peer::enqueue(const Text &text) {
    std::lock_guard guard(mutex);
    if (closed)
        return;
    if (bytes + text->size() > max_waiting) {
        log(name + " is too slow");
        closed = true;
        shutdown(fd, SHUT_RDWR);
    } else {
        waiting.push_back(text);
        bytes += text->size();
    }
    changed.notify_all();
}

Text Peer::next() {
    std::unique_lock guard(mutex);
    changed.wait(guard, [this] { return closed || !waiting.empty(); });
    if (waiting.empty())
        return nullptr;
    Text text = waiting.front();
    waiting.pop_front();
    bytes -= text->size();
    return text;
}

void Peer::finish() {
    std::lock_guard guard(mutex);
    closed = true;
    changed.notify_all();
}

void Peer::write_all() {
    while (Text text = next()) {
        std::string_view rest = *text;
        while (!rest.empty()) {
            ssize_t n = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (n > 0) {
                rest.remove_prefix(n);
                continue;
            }
            std::lock_guard guard(mutex);
            if (errno == EINTR || (errno == EAGAIN && !closed))
                continue;
            closed = true;
            waiting.clear();
            shutdown(fd, SHUT_RDWR);
            return;
        }
    }
}

void broadcast(int from, std::string lines) {
    auto text = std::make_shared<const std::string>(std::move(lines));
    std::lock_guard guard(peers_mutex);
    for (auto &[fd, peer] : peers)
        if (fd != from)
            peer->enqueue(text);
}

void read_all(Peer &me) {
    std::string line;
    char chunk[8192];
    for (;;) {
        ssize_t n = recv(me.fd, chunk, sizeof chunk, 0);
        if (n == -1 && errno == EAGAIN) // a minute of silence is no reason to go
            continue;
        if (n <= 0)
            break;
        std::size_t end = std::string_view(chunk, n).rfind('\n') + 1;
        if (end > 0) {
            broadcast(me.fd, line + std::string(chunk, end));
            line.clear();
        }
        line.append(chunk + end, n - end);
        if (line.size() > max_line)
            return log(me.name + ": line too long");
    }
    if (!line.empty())
        broadcast(me.fd, line + "\n");
}

void serve(std::shared_ptr<Peer> me) {
    std::thread writer([me] { me->write_all(); });
    read_all(*me);
    {
        std::lock_guard guard(peers_mutex);
        peers.erase(me->fd);
    }
    me->finish();
    writer.join();
    log(me->name + " has left");
}

std::string name_of(int fd) {
    sockaddr_storage address;
    socklen_t length = sizeof address;
    must(getpeername(fd, reinterpret_cast<sockaddr *>(&address), &length), "getpeername");
    char host[NI_MAXHOST], port[NI_MAXSERV];
    getnameinfo(reinterpret_cast<sockaddr *>(&address), length, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    return std::string(host) + " port " + port;
}

void accept_all(int listener) {
    for (;;) {
        auto peer = std::make_shared<Peer>();
        peer->fd = must(accept(listener, nullptr, nullptr), "accept");
        timeval minute{60, 0}, second{1, 0};
        must(setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute), "SO_RCVTIMEO");
        must(setsockopt(peer->fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second), "SO_SNDTIMEO");
        peer->name = name_of(peer->fd);
        log(peer->name + " has joined");
        {
            std::lock_guard guard(peers_mutex);
            peers[peer->fd] = peer;
        }
        std::thread(serve, peer).detach();
    }
}

int listen_on(int port) {
    int fd = must(socket(AF_INET6, SOCK_STREAM, 0), "socket"), on = 1, off = 0;
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(port);
    must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
    must(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), "IPV6_V6ONLY");
    must(bind(fd, reinterpret_cast<sockaddr *>(&any), sizeof any), "bind");
    must(listen(fd, SOMAXCONN), "listen");
    socklen_t length = sizeof any;
    must(getsockname(fd, reinterpret_cast<sockaddr *>(&any), &length), "getsockname");
    std::cout << "Listening on port: [" << ntohs(any.sin6_port) << "] ..." << std::endl;
    return fd;
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == text.npos &&
           std::atoi(text.data()) <= 65535;
}

int main(int argc, char *argv[]) try {
    if (argc > 2 || (argc == 2 && !is_port(argv[1]))) {
        std::cerr << "usage: " << argv[0] << " [port]\n";
        return 2;
    }
    for (int number : {SIGINT, SIGTERM})
        signal(number, [](int) { _exit(0); });
    accept_all(listen_on(argc > 1 ? std::atoi(argv[1]) : 9034));
} catch (const std::exception &error) {
    std::cerr << argv[0] << ": " << error.what() << std::endl;
    _exit(1);
}
