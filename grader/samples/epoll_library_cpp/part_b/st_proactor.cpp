// st_proactor.cpp - libst_proactor: epoll in one-shot mode; a descriptor is armed again when its handler has returned.
#include "st_proactor.hpp"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <unordered_map>

namespace {

// A descriptor may be removed and its number added again while the old handler runs: `serial` tells the two apart.
struct Entry {
    handler_t handler;
    uint32_t serial;
};

uint64_t pack(int fd, uint32_t serial) { return static_cast<uint64_t>(serial) << 32 | static_cast<uint32_t>(fd); }

class Proactor {
public:
    ~Proactor() {
        {
            std::unique_lock<std::mutex> lock(mutex_);
            all_done_.wait(lock, [this] { return running_.empty(); });
        }
        join_finished();
        if (epoll_ >= 0) close(epoll_);
        if (wake_ >= 0) close(wake_);
    }

    bool open() {
        epoll_ = epoll_create1(EPOLL_CLOEXEC);
        wake_ = eventfd(0, EFD_CLOEXEC);
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.u64 = pack(wake_, 0);
        return epoll_ >= 0 && wake_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &e) == 0;
    }

    int add(int fd, handler_t handler) {
        std::lock_guard<std::mutex> lock(mutex_);
        if (fd < 0 || !handler) return fail(fd < 0 ? EBADF : EINVAL);
        if (entries_.count(fd)) return fail(EEXIST);
        if (++serial_ == 0) ++serial_;
        if (arm(EPOLL_CTL_ADD, fd, serial_) < 0) return -1;
        entries_[fd] = {handler, serial_};
        return 0;
    }

    int remove(int fd) {
        std::lock_guard<std::mutex> lock(mutex_);
        if (entries_.erase(fd) == 0) return fail(ENOENT);
        epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
        return 0;
    }

    int run() {
        epoll_event events[32];
        for (;;) {
            int n = epoll_wait(epoll_, events, 32, -1);
            join_finished();
            for (int i = 0; i < n; i++) {
                auto serial = static_cast<uint32_t>(events[i].data.u64 >> 32);
                if (serial == 0) return 0; // cancelled; stays readable
                start(static_cast<int>(events[i].data.u64), serial);
            }
        }
    }

    int cancel() { return eventfd_write(wake_, 1); }

private:
    static int fail(int why) {
        errno = why;
        return -1;
    }

    int arm(int op, int fd, uint32_t serial) {
        epoll_event e{};
        e.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
        e.data.u64 = pack(fd, serial);
        return epoll_ctl(epoll_, op, fd, &e);
    }

    void start(int fd, uint32_t serial) {
        std::unique_lock<std::mutex> lock(mutex_);
        auto found = entries_.find(fd);
        if (found == entries_.end() || found->second.serial != serial) return;
        auto me = running_.emplace(running_.end());
        try {
            *me = std::thread(&Proactor::work, this, fd, found->second, me);
        } catch (const std::system_error &) { // no more threads just now: try again a little later
            running_.erase(me);
            lock.unlock();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            lock.lock();
            arm_again(fd, serial);
        }
    }

    void arm_again(int fd, uint32_t serial) {
        auto found = entries_.find(fd);
        if (found != entries_.end() && found->second.serial == serial) arm(EPOLL_CTL_MOD, fd, serial);
    }

    void work(int fd, Entry entry, std::list<std::thread>::iterator me) {
        entry.handler(this, fd);
        std::lock_guard<std::mutex> lock(mutex_);
        arm_again(fd, entry.serial);
        finished_.splice(finished_.end(), running_, me);
        all_done_.notify_all();
    }

    void join_finished() {
        std::list<std::thread> done;
        {
            std::lock_guard<std::mutex> lock(mutex_);
            done.swap(finished_);
        }
        for (auto &t : done) t.join();
    }

    int epoll_ = -1, wake_ = -1;
    std::mutex mutex_; // for all below
    std::condition_variable all_done_;
    std::unordered_map<int, Entry> entries_;
    uint32_t serial_ = 0;
    std::list<std::thread> running_, finished_;
};

Proactor &at(void *p) { return *static_cast<Proactor *>(p); }

} // namespace

void *createProactor(void) {
    auto *p = new (std::nothrow) Proactor;
    if (p && !p->open()) {
        int why = errno;
        delete p;
        p = nullptr;
        errno = why;
    }
    return p;
}

int addFD2Proactor(void *proactor, int fd, handler_t handler) { return at(proactor).add(fd, handler); }
int removeHandler(void *proactor, int fd) { return at(proactor).remove(fd); }
int runProactor(void *proactor) { return at(proactor).run(); }
int cancelProactor(void *proactor) { return at(proactor).cancel(); }
void destroyProactor(void *proactor) { delete static_cast<Proactor *>(proactor); }
