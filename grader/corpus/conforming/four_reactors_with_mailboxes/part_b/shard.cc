#include "shard.hh"
#include "log.hh"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {
constexpr uint64_t bell_key = 0, door_key = ~0ull;
constexpr size_t line_limit = 1 << 20, queue_limit = 12 << 20, traffic_limit = 1 << 20;
constexpr size_t piece_size = 16 << 10, letter_size = 64;
} // namespace

void Room::broadcast(uint64_t from, Text text)
{
    const size_t n = active;
    under_way += n * (text->size() + letter_size);
    for (size_t i = 0; i < n; i++)
        shards[i]->mailbox.put({from, text, -1});
}

void Room::stop_all()
{
    stop = true;
    for (auto &shard : shards)
        shard->mailbox.ring();
}

Shard::~Shard()
{
    for (auto &entry : members_)
        close(entry.second.fd);
    if (epoll_ >= 0)
        close(epoll_);
}

bool Shard::open()
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = bell_key;
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    return epoll_ >= 0 && mailbox.open() &&
           epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox.fd(), &event) == 0;
}

bool Shard::open_door(int listener)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = door_key;
    listener_ = listener;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, listener, &event) == 0;
}

void Shard::door(bool open)
{
    epoll_event event{};
    event.events = open ? static_cast<uint32_t>(EPOLLIN) : 0u;
    event.data.u64 = door_key;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, listener_, &event);
    resting_ = !open;
    rest_until_ = Clock::now() + 120ms;
}

void Shard::accept_some()
{
    for (int i = 0; i < 32; i++) {
        const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            const uint64_t number = ++room_.numbers;
            room_.shards[number % room_.active]->mailbox.put({number, nullptr, fd});
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            return door(false);
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

void Shard::adopt(const Letter &letter)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = letter.client;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, letter.fd, &event) < 0) {
        close(letter.fd);
        return note(letter.client, "turned_away");
    }
    const int on = 1;
    setsockopt(letter.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Member member{};
    member.number = letter.client;
    member.fd = letter.fd;
    members_.emplace(letter.client, std::move(member));
    note(letter.client, "joined");
}

void Shard::deliver(const Letter &letter)
{
    for (auto &entry : members_) {
        Member &m = entry.second;
        if (m.number == letter.client || m.ended || m.dead)
            continue;
        if (m.queued + letter.text->size() > queue_limit && !m.full)
            send_to(m);
        if (m.dead)
            continue;
        if (m.queued + letter.text->size() > queue_limit) {
            note(m.number, "disconnected_reads_too_slowly");
            m.dead = true;
            continue;
        }
        if (m.queue.empty() || m.queue.back().size() >= piece_size)
            m.queue.emplace_back();
        m.queue.back() += *letter.text;
        m.queued += letter.text->size();
    }
}

void Shard::read_mail()
{
    const auto letters = mailbox.empty();
    for (const Letter &letter : letters) {
        if (!letter.text) {
            adopt(letter);
            continue;
        }
        deliver(letter);
        room_.under_way -= letter.text->size() + letter_size;
    }
    for (auto &entry : members_)
        if (!entry.second.queue.empty() && !entry.second.full && !entry.second.dead)
            send_to(entry.second);
}

void Shard::watch(const Member &m)
{
    epoll_event event{};
    event.events = (m.ended ? 0u : static_cast<uint32_t>(EPOLLIN)) |
                   (m.full ? static_cast<uint32_t>(EPOLLOUT) : 0u);
    event.data.u64 = m.number;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, m.fd, &event);
}

void Shard::send_to(Member &m)
{
    const bool was_full = m.full;
    m.full = false;
    while (!m.queue.empty()) {
        iovec parts[48];
        size_t count = 0;
        for (auto it = m.queue.begin(); it != m.queue.end() && count < 48; ++it, ++count)
            parts[count] = {&(*it)[0], it->size()};
        parts[0].iov_base = static_cast<char *>(parts[0].iov_base) + m.sent;
        parts[0].iov_len -= m.sent;
        msghdr message{};
        message.msg_iov = parts;
        message.msg_iovlen = count;
        const ssize_t n = sendmsg(m.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            m.full = errno == EAGAIN;
            m.dead = !m.full;
            if (m.dead)
                note(m.number, "left_broken");
            break;
        }
        m.sent += n;
        while (!m.queue.empty() && m.sent >= m.queue.front().size()) {
            m.sent -= m.queue.front().size();
            m.queued -= m.queue.front().size();
            m.queue.pop_front();
        }
    }
    if (m.ended && m.queue.empty() && !m.shut && !m.dead) {
        m.shut = true;
        shutdown(m.fd, SHUT_WR);
    }
    if (!m.dead && m.full != was_full)
        watch(m);
}

void Shard::input_over(Member &m)
{
    if (!m.begun.empty()) {
        note(m.number, std::string_view(m.begun));
        room_.broadcast(m.number, std::make_shared<const std::string>(std::move(m.begun) + '\n'));
        m.begun.clear();
    }
    note(m.number, "left");
    m.ended = true;
    m.close_at = Clock::now() + 1200ms;
    watch(m);
    send_to(m);
}

void Shard::read_from(Member &m)
{
    const ssize_t n = recv(m.fd, &buffer_[0], buffer_.size(), MSG_DONTWAIT);
    if (n == 0)
        return input_over(m);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            note(m.number, "left_broken");
            m.dead = true;
        }
        return;
    }
    std::string_view chunk(buffer_.data(), n);
    std::string whole; // the lines that have come to their end
    while (!chunk.empty()) {
        const size_t end = chunk.find('\n');
        const size_t piece = end == chunk.npos ? chunk.size() : end;
        if (m.begun.size() + piece > line_limit) {
            note(m.number, "disconnected_line_too_long");
            m.dead = true;
            break;
        }
        m.begun.append(chunk.data(), piece);
        if (end == chunk.npos)
            break;
        note(m.number, std::string_view(m.begun));
        (whole += m.begun) += '\n';
        m.begun = std::string();
        chunk.remove_prefix(end + 1);
    }
    if (!whole.empty())
        room_.broadcast(m.number, std::make_shared<const std::string>(std::move(whole)));
}

int Shard::sweep()
{
    const auto now = Clock::now();
    auto next = Clock::time_point::max();
    for (auto it = members_.begin(); it != members_.end();) {
        Member &m = it->second;
        if (m.dead || (m.ended && now >= m.close_at)) {
            close(m.fd);
            it = members_.erase(it);
            continue;
        }
        if (m.ended)
            next = std::min(next, m.close_at);
        ++it;
    }
    if (resting_ && now >= rest_until_)
        door(true);
    if (resting_)
        next = std::min(next, rest_until_);
    if (next == Clock::time_point::max())
        return -1;
    return static_cast<int>((next - now) / 1ms) + 1;
}

void Shard::run()
{
    epoll_event events[64];
    buffer_.resize(16 << 10);
    while (!room_.stop) {
        const int n = epoll_wait(epoll_, events, 64, sweep());
        bool mail = false, waits = false;
        for (int i = 0; i < n; i++) {
            const uint64_t key = events[i].data.u64;
            if (key == bell_key) {
                mail = true;
                continue;
            }
            if (key == door_key) {
                accept_some();
                continue;
            }
            auto found = members_.find(key);
            if (found == members_.end() || found->second.dead)
                continue;
            Member &m = found->second;
            const uint32_t what = events[i].events;
            if (what & EPOLLOUT)
                send_to(m);
            if (m.dead)
                continue;
            if (m.ended)
                m.dead = what & (EPOLLERR | EPOLLHUP);
            else if ((what & (EPOLLIN | EPOLLERR | EPOLLHUP)) && room_.under_way < traffic_limit)
                read_from(m);
            else
                waits = true;
        }
        if (mail)
            read_mail();
        else if (waits && room_.under_way >= traffic_limit)
            std::this_thread::sleep_for(500us); // the other reactors are behind
    }
}
