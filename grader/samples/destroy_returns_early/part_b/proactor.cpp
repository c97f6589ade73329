// proactor.cpp: a chat server in a library, with poll().
#include "proactor.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace {
constexpr std::size_t maxLine = 1024 * 1024;
constexpr std::size_t maxQueue = 8 * 1024 * 1024;

struct Connection {
    explicit Connection(int socket) : fd(socket) {}
    Connection(const Connection&) = delete;
    ~Connection() { close(fd); }

    void flush()
    {
        ssize_t n = send(fd, output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            output.erase(0, n);
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            dead = true;
    }

    const int fd;
    std::string input, output;
    bool dead = false;
};
} // namespace

struct proactor_t {
    ~proactor_t()
    {
        for (int fd : {listener, wakeRead, wakeWrite})
            if (fd >= 0)
                close(fd);
    }
    bool open(int port);
    void run();
    void dispatch(std::vector<pollfd>& fds);
    void accept();
    void receive(Connection& c);
    void broadcast(const Connection* sender, const std::string& text);
    void sayGoodbye();

    int listener = -1, wakeRead = -1, wakeWrite = -1, port = 0;
    bool acceptPaused = false;
    std::atomic<bool> started{false};
    std::vector<std::unique_ptr<Connection>> connections;
};

bool proactor_t::open(int wanted)
{
    int pipefd[2], yes = 1;
    if (pipe(pipefd) < 0)
        return false;
    wakeRead = pipefd[0];
    wakeWrite = pipefd[1];
    sockaddr_in addr{};
    socklen_t len = sizeof addr;
    addr.sin_family = AF_INET;
    addr.sin_port = htons(wanted);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(listener, reinterpret_cast<sockaddr*>(&addr), len) < 0 || listen(listener, 256) < 0)
        return false;
    getsockname(listener, reinterpret_cast<sockaddr*>(&addr), &len);
    port = ntohs(addr.sin_port);
    return true;
}

void proactor_t::run()
{
    std::vector<pollfd> fds;
    for (;;) {
        fds.assign({{wakeRead, POLLIN, 0}, {acceptPaused ? -1 : listener, POLLIN, 0}});
        for (auto& c : connections)
            fds.push_back({c->fd, short(c->output.empty() ? POLLIN : POLLIN | POLLOUT), 0});
        if (poll(fds.data(), fds.size(), acceptPaused ? 100 : -1) < 0)
            continue;
        char stop;
        if (fds[0].revents && read(wakeRead, &stop, 1) == 1)
            return sayGoodbye();
        dispatch(fds);
    }
}

void proactor_t::dispatch(std::vector<pollfd>& fds)
{
    acceptPaused = false;
    for (std::size_t i = 2; i < fds.size(); ++i) {
        Connection& c = *connections[i - 2];
        if (fds[i].revents & POLLOUT)
            c.flush();
        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR) && !c.dead)
            receive(c);
    }
    for (std::size_t i = 0; i < connections.size();) {
        if (connections[i]->dead) {
            std::fprintf(stderr, "connection %d: left\n", connections[i]->fd);
            connections.erase(connections.begin() + i);
        } else {
            ++i;
        }
    }
    if (fds[1].revents)
        accept();
}

void proactor_t::accept()
{
    int fd = ::accept(listener, nullptr, nullptr);
    if (fd >= 0) {
        std::fprintf(stderr, "connection %d: joined\n", fd);
        connections.push_back(std::make_unique<Connection>(fd));
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        acceptPaused = true;
    }
}

void proactor_t::receive(Connection& c)
{
    char buffer[8192];
    ssize_t n = recv(c.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        c.dead = true;
        if (n == 0 && !c.input.empty())
            broadcast(&c, c.input + "\n");
        return;
    }
    c.input.append(buffer, n);
    if (auto end = std::string(buffer, n).rfind('\n'); end != std::string::npos) {
        auto complete = c.input.size() - (n - end - 1);
        broadcast(&c, c.input.substr(0, complete));
        c.input.erase(0, complete);
    } else if (c.input.size() > maxLine) {
        std::fprintf(stderr, "connection %d: line too long\n", c.fd);
        c.dead = true;
    }
}

void proactor_t::broadcast(const Connection* sender, const std::string& text)
{
    for (auto& c : connections) {
        if (c.get() == sender || c->dead)
            continue;
        c->output += text;
        if (c->output.size() > maxQueue) {
            std::fprintf(stderr, "connection %d: does not read\n", c->fd);
            c->dead = true;
        } else {
            c->flush();
        }
    }
}

// Ends all connections, after a moment for what was sent last.
void proactor_t::sayGoodbye()
{
    for (auto& c : connections)
        shutdown(c->fd, SHUT_WR);
    usleep(200000);
    connections.clear();
}

proactor_t* proactor_create(int port)
{
    if (port < 0 || port > 65535) {
        errno = EINVAL;
        return nullptr;
    }
    std::unique_ptr<proactor_t> p(new (std::nothrow) proactor_t);
    if (p && !p->open(port)) {
        int error = errno;
        p.reset();
        errno = error;
    }
    return p.release();
}

int proactor_port(const proactor_t* proactor)
{
    return proactor->port;
}

void* proactor_thread(void* arg)
{
    std::unique_ptr<proactor_t> p(static_cast<proactor_t*>(arg)); // freed when the loop has ended
    p->started = true;
    p->run();
    return nullptr;
}

void proactor_destroy(proactor_t* proactor)
{
    if (!proactor)
        return;
    if (!proactor->started)
        delete proactor; // there is no thread that could do it
    else if (write(proactor->wakeWrite, "", 1) < 0)
        std::perror("proactor_destroy");
}
