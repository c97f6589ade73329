// The handler API: the proactor's `readable`, and a thread for each handler.
#include "part_b/st_proactor.hpp"

// BEGIN SOLUTION
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "common/guarded.hpp"
#include "common/log.hpp"
#include "part_b/epoll_source.hpp"
#include "part_b/executor.hpp"
#include "part_b/proactor.hpp"

namespace {

// How long a shortage of threads is taken to last.
constexpr std::chrono::milliseconds kRest{50};

// What a void* of this API points at.
class HandlerProactor {
  public:
    // False: the descriptor has a handler already.
    bool add(int fd, handler_t handler);
    // False: it has none.
    bool remove(int fd);
    void run();
    void stop() { core_.stop(); }
    void wait_for_run();

  private:
    // A number is used again and again by different descriptors; its generation tells them apart.
    struct Registration {
        handler_t handler;
        std::uint64_t generation;
    };

    handler_t find(int fd, std::uint64_t generation);
    void arm(int fd, std::uint64_t generation);
    void start_handler(int fd, std::uint64_t generation);

    lab::Guarded<std::unordered_map<int, Registration>> registrations_;
    std::uint64_t last_generation_ = 0;  // protected by the lock of registrations_
    std::mutex running_;                 // held by run(): see proactor_c.cpp
    lab::Proactor core_{std::make_unique<lab::EpollSource>()};
    lab::ThreadExecutor executor_{[this](auto task) { core_.post(std::move(task)); }};
};

// Both post under the lock, so that the loop sees the two in the order in which they happened.
bool HandlerProactor::add(int fd, handler_t handler) {
    auto registrations = registrations_.lock();
    const auto generation = ++last_generation_;  // LAB: generation
    if (!registrations->try_emplace(fd, Registration{handler, generation}).second)
        return false;
    core_.post([=, this] { arm(fd, generation); });
    return true;
}

bool HandlerProactor::remove(int fd) {
    auto registrations = registrations_.lock();
    if (registrations->erase(fd) == 0)
        return false;
    core_.post([=, this] { core_.cancel(fd); });
    return true;
}

// The handler, if it still is the one for `fd`.
handler_t HandlerProactor::find(int fd, std::uint64_t generation) {
    auto registrations = registrations_.lock();
    const auto found = registrations->find(fd);
    const bool is_current = found != registrations->end() && found->second.generation == generation;
    return is_current ? found->second.handler : nullptr;
}

// Waits for input once. It is armed again when the handler's thread has ended: until then the same
// input would be reported again and again.  // LAB: one-at-a-time
void HandlerProactor::arm(int fd, std::uint64_t generation) {
    if (!find(fd, generation))
        return;
    core_.async_readable(fd, [=, this](const lab::Completion& completion) {
        if (completion.result >= 0)
            start_handler(fd, generation);
        else if (completion.result != -ECANCELED)
            lab::log_line("cannot wait for descriptor " + std::to_string(fd) + ": " +
                          std::generic_category().message(-completion.result));
    });
}

void HandlerProactor::start_handler(int fd, std::uint64_t generation) {
    const bool started = executor_.execute(
        [=, this] {
            if (const handler_t handler = find(fd, generation))
                handler(this, fd);
        },
        [=, this] { arm(fd, generation); });
    // Without a thread the input is still there, and will be reported again.  // LAB: no-thread
    if (!started)
        core_.after(kRest, [=, this] { arm(fd, generation); });
}

void HandlerProactor::run() {
    const std::lock_guard running(running_);
    core_.run();
}

void HandlerProactor::wait_for_run() {
    const std::lock_guard not_running(running_);
}

HandlerProactor* to_object(void* proactor) {
    return static_cast<HandlerProactor*>(proactor);
}

// 0 for an open descriptor that can be waited for, or the errno that says why not.
int why_not_watchable(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) == -1)
        return errno;
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? EPERM : 0;
}

int fail(int error) {
    errno = error;
    return -1;
}

// A call of the API: no exception leaves it.
template <class Body>
int guarded_call(Body body) {
    try {
        return body();
    } catch (const std::system_error& error) {
        return fail(error.code().value());
    } catch (const std::exception&) {
        return fail(ENOMEM);
    }
}

}  // namespace

void* createProactor() {
    void* created = nullptr;
    guarded_call([&] {
        created = new HandlerProactor;
        return 0;
    });
    return created;
}

int addFD2Proactor(void* proactor, int fd, handler_t handler) {
    return guarded_call([&] {
        if (!proactor || !handler)
            return fail(EINVAL);
        if (const int error = why_not_watchable(fd))
            return fail(error);
        return to_object(proactor)->add(fd, handler) ? 0 : fail(EEXIST);
    });
}

int removeHandler(void* proactor, int fd) {
    return guarded_call([&] {
        if (!proactor)
            return fail(EINVAL);
        return to_object(proactor)->remove(fd) ? 0 : fail(ENOENT);
    });
}

int runProactor(void* proactor) {
    return guarded_call([&] {
        if (!proactor)
            return fail(EINVAL);
        to_object(proactor)->run();
        return 0;
    });
}

int cancelProactor(void* proactor) {
    if (!proactor)
        return fail(EINVAL);
    to_object(proactor)->stop();
    return 0;
}

void destroyProactor(void* proactor) {
    if (!proactor)
        return;
    to_object(proactor)->stop();
    to_object(proactor)->wait_for_run();
    delete to_object(proactor);  // joins the handlers' threads
}
// END SOLUTION
