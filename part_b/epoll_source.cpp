// Completions made out of readiness: epoll(7) says when, the source then does the work itself.
#include "part_b/epoll_source.hpp"

// BEGIN SOLUTION
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/error.hpp"
#include "common/socket.hpp"

namespace lab {

namespace {

constexpr int kEventsPerRound = 256;
constexpr int kAcceptsPerRound = 64;  // so that a flood of connections does not starve the clients
constexpr std::size_t kReceiveSize = std::size_t{64} << 10;
constexpr std::size_t kArenaSize = std::size_t{1} << 20;
constexpr std::uint32_t kWakeSerial = 0;  // of no interest: the first one gets 1

// What epoll hands back to us with an event: the descriptor, and whose registration it was.
std::uint64_t tag(int fd, std::uint32_t serial) {
    return std::uint64_t{serial} << 32 | static_cast<std::uint32_t>(fd);
}

// Not now: the operation stays under way. Any other error is its result.
bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int to_timeout(std::optional<std::chrono::milliseconds> patience) {
    constexpr std::chrono::milliseconds kLongest{60'000};
    return patience ? static_cast<int>(std::clamp(*patience, {}, kLongest).count()) : -1;
}

}  // namespace

EpollSource::EpollSource()
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      arena_(std::make_unique_for_overwrite<char[]>(kArenaSize)) {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = tag(wake_.get(), kWakeSerial)}};
    checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event), "epoll_ctl");
}

// Edge-triggered: each write is an event of its own, and the counter need never be read.
void EpollSource::wake() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void EpollSource::submit(const Operation& operation) {
    if (operation.kind == Operation::Kind::send)
        return start_send(operation);
    if (operation.kind == Operation::Kind::accept)
        ::fcntl(operation.fd, F_SETFL, ::fcntl(operation.fd, F_GETFL) | O_NONBLOCK);
    Interest& interest = interests_[operation.fd];
    assert(!interest.input && "one accept, receive or readable at a time on a descriptor");
    interest.input = operation;
    update_registration(operation.fd, interest);
}

// Most sends find room at once, and epoll never hears of them.  // LAB: try-first
void EpollSource::start_send(const Operation& operation) {
    Interest& interest = interests_[operation.fd];
    assert(!interest.output && "one send at a time on a descriptor");
    interest.output = operation;
    do_output(interest);
    update_registration(operation.fd, interest);
}

void EpollSource::cancel(int fd) {
    const auto found = interests_.find(fd);
    if (found == interests_.end())
        return;
    report_end(found->second.input, -ECANCELED);
    report_end(found->second.output, -ECANCELED);
    update_registration(fd, found->second);
}

std::span<const Completion> EpollSource::wait(std::optional<std::chrono::milliseconds> patience) {
    arena_used_ = 0;
    std::array<epoll_event, kEventsPerRound> events;
    const int timeout = ready_.empty() ? to_timeout(patience) : 0;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerRound, timeout);
    if (count == -1 && errno != EINTR)
        checked(count, "epoll_wait");
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        dispatch(event.events, static_cast<int>(event.data.u64 & 0xffff'ffff),
                 static_cast<std::uint32_t>(event.data.u64 >> 32));
    }
    std::swap(ready_, reported_);
    ready_.clear();
    return reported_;
}

void EpollSource::dispatch(std::uint32_t events, int fd, std::uint32_t serial) {
    const auto found = interests_.find(fd);
    // A wake-up, or a registration that has outlived its descriptor.  // LAB: stale-event
    if (found == interests_.end() || found->second.serial != serial)
        return;
    Interest& interest = found->second;
    // Errors and hang-ups come unasked: the call that fails says which it was.
    const bool failed = events & (EPOLLERR | EPOLLHUP);
    if (interest.output && (failed || events & EPOLLOUT))
        do_output(interest);
    if (interest.input && (failed || events & EPOLLIN))
        do_input(interest);
    update_registration(fd, interest);
}

void EpollSource::do_input(Interest& interest) {
    switch (interest.input->kind) {
        case Operation::Kind::accept:
            return do_accept(interest);
        case Operation::Kind::receive:
            return do_receive(interest);
        case Operation::Kind::readable:
            return report_end(interest.input, 0);
        case Operation::Kind::send:
            assert(false && "a send is output");
    }
}

void EpollSource::do_accept(Interest& interest) try {
    for (int i = 0; i < kAcceptsPerRound; ++i) {
        Accepted accepted = accept_from(interest.input->fd, Blocking::no);
        switch (accepted.outcome) {
            case Accepted::Outcome::connection:
                ready_.push_back({interest.input->id, accepted.socket.release(), {}, true});
                break;
            case Accepted::Outcome::try_again:
                if (would_block(accepted.error))
                    return;
                break;
            case Accepted::Outcome::exhausted:
                return report_end(interest.input, -accepted.error);
            case Accepted::Outcome::closed:
                return report_end(interest.input, -EINVAL);
        }
    }
} catch (const std::system_error& error) {
    report_end(interest.input, -error.code().value());
}

// One receive per round and descriptor: what is left is reported again, after everybody else's.
void EpollSource::do_receive(Interest& interest) {
    if (arena_used_ == kArenaSize)
        return;
    char* const buffer = arena_.get() + arena_used_;
    const std::size_t size = std::min(kReceiveSize, kArenaSize - arena_used_);
    const ssize_t received = ::recv(interest.input->fd, buffer, size, MSG_DONTWAIT);
    if (received > 0) {
        const auto length = static_cast<std::size_t>(received);
        arena_used_ += length;
        ready_.push_back({interest.input->id, static_cast<int>(received), {buffer, length}, true});
    } else if (received == 0 || !would_block(errno)) {
        report_end(interest.input, received == 0 ? 0 : -errno);
    }
}

void EpollSource::do_output(Interest& interest) {
    const std::string_view bytes = interest.output->bytes;
    const ssize_t sent =
        ::send(interest.output->fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || !would_block(errno))
        report_end(interest.output, sent >= 0 ? static_cast<int>(sent) : -errno);
}

// Tells epoll what is wanted now, and forgets the descriptor when nothing is. Without a wanted
// event it must not stay registered: a hang-up would be reported again and again.
void EpollSource::update_registration(int fd, Interest& interest) {
    std::uint32_t wanted = (interest.input ? EPOLLIN : 0u) | (interest.output ? EPOLLOUT : 0u);
    // Who is to be told once is told once, even if its descriptor has been closed in the meantime.
    if (interest.input && interest.input->kind == Operation::Kind::readable)
        wanted |= EPOLLONESHOT;
    if (wanted != interest.events) {
        if (interest.events == 0)
            interest.serial = ++last_serial_;
        const int what = wanted == 0            ? EPOLL_CTL_DEL
                         : interest.events == 0 ? EPOLL_CTL_ADD
                                                : EPOLL_CTL_MOD;
        epoll_event event{.events = wanted, .data = {.u64 = tag(fd, interest.serial)}};
        interest.events = wanted;
        if (::epoll_ctl(epoll_.get(), what, fd, &event) == -1 && what != EPOLL_CTL_DEL) {
            const int error = errno;  // such as EPERM for a file on disk
            report_end(interest.input, -error);
            report_end(interest.output, -error);
            interest.events = 0;
        }
    }
    if (interest.events == 0)
        interests_.erase(fd);
}

void EpollSource::report_end(std::optional<Operation>& operation, int result) {
    if (operation)
        ready_.push_back({operation->id, result, {}, false});
    operation.reset();
}

}  // namespace lab
// END SOLUTION
