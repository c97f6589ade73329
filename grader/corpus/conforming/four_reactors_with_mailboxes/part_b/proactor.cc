// The first reactor runs in proactor_thread and accepts; three more have threads of their own as
// long as proactor_thread runs. With fewer threads than that, there are fewer reactors.
#include "proactor.h"
#include "shard.hh"

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <netinet/in.h>
#include <new>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>

struct proactor {
    int listener = -1, port = -1;
    Room room;
    std::mutex mutex;
    std::condition_variable out;
    bool in = false;

    ~proactor()
    {
        if (listener >= 0)
            close(listener);
    }
    bool listen_at(sa_family_t family, int wanted);
    bool open(int wanted);
    void run();
};

bool proactor::listen_at(sa_family_t family, int wanted)
{
    sockaddr_storage address{};
    socklen_t size = sizeof(sockaddr_in);
    const int on = 1, off = 0;
    address.ss_family = family;
    reinterpret_cast<sockaddr_in &>(address).sin_port = htons(static_cast<uint16_t>(wanted));
    listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return false;
    if (family == AF_INET6) {
        size = sizeof(sockaddr_in6);
        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, reinterpret_cast<sockaddr *>(&address), size) < 0 ||
        listen(listener, SOMAXCONN) < 0 ||
        getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size) < 0) {
        const int why = errno;
        close(listener);
        listener = -1;
        errno = why;
        return false;
    }
    port = ntohs(reinterpret_cast<sockaddr_in &>(address).sin_port); // for both families
    return true;
}

bool proactor::open(int wanted)
{
    if (wanted < 0 || wanted > 65535) {
        errno = EINVAL;
        return false;
    }
    if (!listen_at(AF_INET6, wanted) &&
        ((errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) || !listen_at(AF_INET, wanted)))
        return false;
    for (int i = 0; i < 4; i++) {
        room.shards.push_back(std::make_unique<Shard>(room));
        if (!room.shards.back()->open())
            return false;
    }
    return room.shards[0]->open_door(listener);
}

void proactor::run()
{
    std::vector<std::thread> threads;
    try {
        for (size_t i = 1; i < room.shards.size(); i++) {
            threads.emplace_back([shard = room.shards[i].get()] { shard->run(); });
            room.active = i + 1;
        }
    } catch (const std::system_error &) {
        // fewer, then
    }
    room.shards[0]->run();
    for (auto &thread : threads)
        thread.join();
}

proactor_t *proactor_create(int port)
{
    try {
        auto p = std::make_unique<proactor>();
        if (p->open(port))
            return p.release();
        const int why = errno;
        p.reset();
        errno = why;
    } catch (const std::bad_alloc &) {
        errno = ENOMEM;
    }
    return nullptr;
}

int proactor_port(const proactor_t *p)
{
    return p->port;
}

void *proactor_thread(void *arg)
{
    auto *p = static_cast<proactor *>(arg);
    {
        std::lock_guard<std::mutex> lock(p->mutex);
        p->in = true;
    }
    p->run();
    std::lock_guard<std::mutex> lock(p->mutex);
    p->in = false;
    p->out.notify_all();
    return nullptr;
}

void proactor_stop(proactor_t *p)
{
    if (p)
        p->room.stop_all();
}

void proactor_destroy(proactor_t *p)
{
    if (!p)
        return;
    p->room.stop_all();
    {
        std::unique_lock<std::mutex> lock(p->mutex);
        p->out.wait(lock, [p] { return !p->in; });
    }
    delete p;
}
