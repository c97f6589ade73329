// The proactor: it accepts clients, starts their threads, and joins them when they have left.
#include "proactor.h"
#include "log.hpp"
#include "room.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct proactor {
    ~proactor();

    int listener = -1;
    int wake[2] = {-1, -1}; // a pipe: a byte in it means that there is something to look at
    int port = 0;
    std::atomic<bool> stopping{false};
    std::mutex serving; // held by proactor_thread
    chat::Room room;
    unsigned long clients = 0;

    bool open(int wanted_port);
    bool open_family(int family, int wanted_port);
    void poke() const;
    void serve();
    bool accept_one(); // false: something is short, try later
    void reap();
    void send_everybody_home();
};

proactor::~proactor()
{
    for (int fd : {listener, wake[0], wake[1]})
        if (fd >= 0)
            close(fd);
}

bool proactor::open_family(int family, int wanted_port)
{
    listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return false;
    int yes = 1, no = 0;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in6 in6{};
    sockaddr_in in4{};
    const sockaddr *address = reinterpret_cast<sockaddr *>(&in4);
    socklen_t size = sizeof in4;
    if (family == AF_INET6) {
        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(static_cast<uint16_t>(wanted_port));
        address = reinterpret_cast<sockaddr *>(&in6);
        size = sizeof in6;
    } else {
        in4.sin_family = AF_INET;
        in4.sin_port = htons(static_cast<uint16_t>(wanted_port));
    }
    if (bind(listener, address, size) == 0 && listen(listener, SOMAXCONN) == 0)
        return true;
    int why = errno;
    close(listener);
    listener = -1;
    errno = why;
    return false;
}

bool proactor::open(int wanted_port)
{
    if (wanted_port < 0 || wanted_port > 65535) {
        errno = EINVAL;
        return false;
    }
    if (!open_family(AF_INET6, wanted_port) &&
        ((errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) || !open_family(AF_INET, wanted_port)))
        return false;
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    if (getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size) < 0)
        return false;
    port = ntohs(address.sin6_port); // at the same place for IPv4
    return pipe2(wake, O_CLOEXEC | O_NONBLOCK) == 0;
}

void proactor::poke() const
{
    while (write(wake[1], "!", 1) < 0 && errno == EINTR)
        ;
}

void proactor::reap()
{
    for (auto &client : room.reap())
        client->join();
}

bool proactor::accept_one()
{
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED;
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    unsigned long number = ++clients;
    try {
        auto client = std::make_shared<chat::Client>(fd, number);
        chat::log("client " + std::to_string(number) + " has joined");
        room.join(client);
        try {
            client->start(room, [this, number] {
                room.finished(number);
                poke();
            });
        } catch (...) {
            room.leave(*client);
            room.finished(number);
            throw;
        }
        return true;
    } catch (const std::exception &problem) {
        chat::log("client " + std::to_string(number) + " cannot be served: " + problem.what());
        return false;
    }
}

void proactor::serve()
{
    bool rest = false; // after a shortage: look away from the listener for a while
    while (!stopping) {
        pollfd fds[2] = {{wake[0], POLLIN, 0}, {rest ? -1 : listener, POLLIN, 0}};
        if (poll(fds, 2, rest ? 100 : -1) < 0)
            continue;
        rest = false;
        char pokes[64];
        while (read(wake[0], pokes, sizeof pokes) > 0)
            ;
        reap();
        if (fds[1].revents && !stopping)
            rest = !accept_one();
    }
}

void proactor::send_everybody_home()
{
    auto everybody = room.everybody();
    for (auto &client : everybody)
        client->hang_up();
    for (auto &client : everybody)
        client->join();
    for (auto &client : everybody)
        room.finished(client->number());
    room.reap();
}

extern "C" {

proactor_t *proactor_create(int port)
{
    auto p = std::unique_ptr<proactor>(new (std::nothrow) proactor);
    if (!p) {
        errno = ENOMEM;
        return nullptr;
    }
    if (p->open(port))
        return p.release();
    int why = errno;
    p.reset();
    errno = why;
    return nullptr;
}

int proactor_port(const proactor_t *p)
{
    return p->port;
}

void *proactor_thread(void *arg)
{
    auto p = static_cast<proactor *>(arg);
    std::lock_guard lock(p->serving);
    p->serve();
    p->send_everybody_home();
    return nullptr;
}

void proactor_stop(proactor_t *p)
{
    p->stopping = true;
    p->poke();
}

void proactor_destroy(proactor_t *p)
{
    if (!p)
        return;
    proactor_stop(p);
    { std::lock_guard wait_for_the_thread(p->serving); }
    delete p;
}

}
