#include "st_proactor.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

constexpr int kRetryMs = 50;
constexpr uint64_t kWakeKey = UINT64_MAX;

struct Entry {
    handler_t handler;
    uint32_t generation;
};

struct Proactor;

// One call of one handler, and the thread that makes it.
struct Visit {
    Proactor *proactor;
    int fd;
    uint32_t generation;
    pthread_t thread;
};

struct Proactor {
    int epoll = -1;
    int wake = -1;
    std::mutex mutex;
    std::condition_variable changed;
    std::unordered_map<int, Entry> entries;
    std::vector<Visit *> finished; // handlers that have returned, to be joined
    size_t visits = 0;             // threads that are not joined yet
    uint32_t next_generation = 1;
    bool cancelled = false;
    bool in_run = false;

    ~Proactor() {
        if (epoll >= 0)
            close(epoll);
        if (wake >= 0)
            close(wake);
    }
};

uint64_t key_of(int fd, uint32_t generation) {
    return static_cast<uint64_t>(generation) << 32 | static_cast<uint32_t>(fd);
}

int watch(Proactor &p, int operation, int fd, uint32_t generation) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = key_of(fd, generation);
    return epoll_ctl(p.epoll, operation, fd, &event);
}

void ring(Proactor &p) {
    const uint64_t one = 1;
    while (write(p.wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

// Is this descriptor still the one that was added then? The lock is held.
Entry *find(Proactor &p, int fd, uint32_t generation) {
    auto found = p.entries.find(fd);
    if (found == p.entries.end() || found->second.generation != generation)
        return nullptr;
    return &found->second;
}

void *handler_thread(void *argument) {
    Visit *visit = static_cast<Visit *>(argument);
    Proactor &p = *visit->proactor;
    handler_t handler = nullptr;
    {
        std::lock_guard lock(p.mutex);
        if (Entry *entry = find(p, visit->fd, visit->generation))
            handler = entry->handler;
    }
    if (handler)
        handler(&p, visit->fd);
    std::lock_guard lock(p.mutex);
    p.finished.push_back(visit);
    p.changed.notify_all();
    ring(p);
    return nullptr;
}

// Starts the handler's thread. False: the system has no thread left, try again later.
bool start(Proactor &p, int fd, uint32_t generation) {
    std::lock_guard lock(p.mutex);
    if (!find(p, fd, generation))
        return true;
    auto visit = std::make_unique<Visit>(Visit{&p, fd, generation, {}});
    if (pthread_create(&visit->thread, nullptr, handler_thread, visit.get()) != 0)
        return false;
    visit.release();
    p.visits++;
    return true;
}

// Joins the threads of handlers that have returned, and watches their descriptors again.
void collect(Proactor &p) {
    std::vector<Visit *> done;
    {
        std::lock_guard lock(p.mutex);
        done.swap(p.finished);
    }
    for (Visit *visit : done) {
        pthread_join(visit->thread, nullptr);
        std::lock_guard lock(p.mutex);
        p.visits--;
        if (find(p, visit->fd, visit->generation))
            watch(p, EPOLL_CTL_MOD, visit->fd, visit->generation);
        delete visit;
    }
}

int loop(Proactor &p) {
    std::vector<std::pair<int, uint32_t>> ready, postponed;
    epoll_event events[64];
    for (;;) {
        int n = epoll_wait(p.epoll, events, 64, postponed.empty() ? -1 : kRetryMs);
        if (n < 0 && errno != EINTR)
            return -1;
        ready = std::exchange(postponed, {});
        for (int i = 0; i < n; i++) {
            const uint64_t key = events[i].data.u64;
            if (key == kWakeKey) {
                uint64_t count;
                if (read(p.wake, &count, sizeof count) < 0)
                    continue;
            } else {
                ready.emplace_back(static_cast<int>(key & UINT32_MAX), key >> 32);
            }
        }
        {
            std::lock_guard lock(p.mutex);
            if (p.cancelled)
                return 0;
        }
        collect(p);
        for (auto [fd, generation] : ready)
            if (!start(p, fd, generation))
                postponed.emplace_back(fd, generation);
    }
}

int fail(int error) {
    errno = error;
    return -1;
}

} // namespace

void *createProactor(void) {
    std::unique_ptr<Proactor> p(new (std::nothrow) Proactor);
    if (!p)
        return nullptr;
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (p->epoll < 0 || p->wake < 0)
        return nullptr;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWakeKey;
    if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->wake, &event) < 0)
        return nullptr;
    return p.release();
}

int addFD2Proactor(void *proactor, int fd, handler_t handler) {
    if (!proactor || !handler)
        return fail(EINVAL);
    if (fd < 0)
        return fail(EBADF);
    Proactor &p = *static_cast<Proactor *>(proactor);
    std::lock_guard lock(p.mutex);
    if (p.entries.contains(fd))
        return fail(EEXIST);
    const uint32_t generation = p.next_generation++;
    try {
        p.entries.emplace(fd, Entry{handler, generation});
    } catch (const std::bad_alloc &) {
        return fail(ENOMEM);
    }
    if (watch(p, EPOLL_CTL_ADD, fd, generation) < 0) {
        p.entries.erase(fd);
        return -1;
    }
    return 0;
}

int removeHandler(void *proactor, int fd) {
    if (!proactor)
        return fail(EINVAL);
    Proactor &p = *static_cast<Proactor *>(proactor);
    std::lock_guard lock(p.mutex);
    if (p.entries.erase(fd) == 0)
        return fail(ENOENT);
    epoll_ctl(p.epoll, EPOLL_CTL_DEL, fd, nullptr);
    return 0;
}

int runProactor(void *proactor) {
    if (!proactor)
        return fail(EINVAL);
    Proactor &p = *static_cast<Proactor *>(proactor);
    {
        std::lock_guard lock(p.mutex);
        if (p.in_run)
            return fail(EBUSY);
        p.in_run = true;
    }
    const int result = loop(p);
    std::lock_guard lock(p.mutex);
    p.in_run = false;
    p.changed.notify_all();
    return result;
}

int cancelProactor(void *proactor) {
    if (!proactor)
        return fail(EINVAL);
    Proactor &p = *static_cast<Proactor *>(proactor);
    std::lock_guard lock(p.mutex);
    p.cancelled = true;
    ring(p);
    return 0;
}

void destroyProactor(void *proactor) {
    if (!proactor)
        return;
    Proactor *p = static_cast<Proactor *>(proactor);
    cancelProactor(p);
    {
        std::unique_lock lock(p->mutex);
        p->changed.wait(lock, [p] { return !p->in_run; });
        while (p->visits > 0) {
            p->changed.wait(lock, [p] { return !p->finished.empty(); });
            Visit *visit = p->finished.back();
            p->finished.pop_back();
            p->visits--;
            lock.unlock();
            pthread_join(visit->thread, nullptr);
            delete visit;
            lock.lock();
        }
    }
    delete p;
}
