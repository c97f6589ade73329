// Chat server with std::jthread: two for each client, and one that cleans up behind them.
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using Line = std::shared_ptr<const std::string>;

static void note(const std::string &text)
{
    std::cerr << (text + '\n');
}

class Guest {
public:
    using Said = std::function<void(Guest &, Line)>;
    using Left = std::function<void(Guest &)>;

    Guest(int fd, Said said, Left left) : fd_(fd), said_(std::move(said)), left_(std::move(left)) {}

    ~Guest()
    {
        if (reader_.joinable())
            reader_.join();
        close(fd_);
    }

    void start()
    {
        writer_ = std::jthread([this](std::stop_token stop) { write(stop); });
        reader_ = std::jthread([this] { read(); });
    }

    void tell(const Line &line)
    {
        std::lock_guard lock(mutex_);
        if (full_)
            return;
        waiting_ += line->size() + 100; // what a place in the queue costs, roughly
        if (waiting_ > 16'000'000) {
            full_ = true;
            queue_.clear();
            note("guest " + std::to_string(fd_) + " listens too slowly and is shown out");
            hang_up();
            return;
        }
        queue_.push_back(line);
        news_.notify_one();
    }

    void hang_up() { shutdown(fd_, SHUT_RDWR); }

private:
    void read()
    {
        std::vector<char> buffer(10'000);
        std::string line;
        bool fine = true;
        while (fine) {
            ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                break;
            auto from = buffer.begin(), end = buffer.begin() + n;
            while (fine && from != end) {
                auto newline = std::find(from, end, '\n');
                line.append(from, newline);
                if (line.size() > 100'000) {
                    note("guest " + std::to_string(fd_) + " sent a line without an end");
                    fine = false;
                } else if (newline != end) {
                    line += '\n';
                    said_(*this, std::make_shared<const std::string>(std::exchange(line, {})));
                }
                from = newline == end ? end : newline + 1;
            }
        }
        farewell();
        left_(*this); // the last that this thread does
    }

    void farewell()
    {
        writer_.request_stop();
        {
            std::unique_lock lock(mutex_);
            if (!written_.wait_for(lock, 1s, [this] { return all_written_; }))
                hang_up();
        }
        writer_.join();
        hang_up();
    }

    void write(std::stop_token stop)
    {
        bool fine = true;
        while (fine) {
            std::unique_lock lock(mutex_);
            news_.wait(lock, stop, [this] { return !queue_.empty(); });
            if (queue_.empty())
                break; // asked to stop, and nothing left
            Line line = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            fine = send_all(*line);
            lock.lock();
            waiting_ -= std::min(waiting_, line->size() + 100);
        }
        if (!fine)
            hang_up();
        std::lock_guard lock(mutex_);
        queue_.clear();
        full_ = true;
        all_written_ = true;
        written_.notify_all();
    }

    bool send_all(const std::string &text)
    {
        size_t sent = 0;
        while (sent < text.size()) {
            ssize_t n = send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (n < 0 && errno != EINTR)
                return false;
            sent += n < 0 ? 0 : static_cast<size_t>(n);
        }
        return true;
    }

    const int fd_;
    const Said said_;
    const Left left_;
    std::mutex mutex_;
    std::condition_variable_any news_;
    std::condition_variable written_;
    std::deque<Line> queue_;
    size_t waiting_ = 0;
    bool full_ = false;
    bool all_written_ = false;
    std::jthread writer_;
    std::jthread reader_;
};

class Lounge {
public:
    Lounge() : cleaner_([this](std::stop_token stop) { clean(stop); }) {}

    void admit(int fd)
    {
        auto guest = std::make_unique<Guest>(
            fd, [this](Guest &from, Line line) { pass_on(from, line); }, [this](Guest &who) { gone(who); });
        std::lock_guard lock(mutex_);
        guest->start();
        guests_.push_back(std::move(guest));
    }

    // everybody goes home; nobody may be admitted any more
    void close_down()
    {
        std::unique_lock lock(mutex_);
        for (auto &guest : guests_)
            guest->hang_up();
        empty_.wait(lock, [this] { return guests_.empty(); });
    }

private:
    void pass_on(Guest &from, const Line &line)
    {
        std::lock_guard lock(mutex_);
        for (auto &guest : guests_)
            if (guest.get() != &from)
                guest->tell(line);
    }

    void gone(Guest &who)
    {
        std::lock_guard lock(mutex_);
        auto place = std::find_if(guests_.begin(), guests_.end(), [&](auto &g) { return g.get() == &who; });
        leftovers_.push_back(std::move(*place));
        guests_.erase(place);
        changed_.notify_one();
        if (guests_.empty())
            empty_.notify_all();
    }

    void clean(std::stop_token stop)
    {
        while (true) {
            std::vector<std::unique_ptr<Guest>> batch;
            std::unique_lock lock(mutex_);
            changed_.wait(lock, stop, [this] { return !leftovers_.empty(); });
            if (leftovers_.empty())
                return;
            batch.swap(leftovers_);
            lock.unlock(); // the guests in the batch end here, their threads are joined
        }
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::condition_variable empty_;
    std::vector<std::unique_ptr<Guest>> guests_;
    std::vector<std::unique_ptr<Guest>> leftovers_;
    std::jthread cleaner_;
};

static int listener_for(unsigned port)
{
    auto check = [](int result, const char *what) {
        if (result < 0)
            throw std::system_error(errno, std::generic_category(), what);
        return result;
    };
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool six = fd >= 0;
    if (!six)
        fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    int on = 1, off = 0;
    check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
    sockaddr_in6 any6{.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_flowinfo = 0, .sin6_addr = in6addr_any, .sin6_scope_id = 0};
    sockaddr_in any4{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {INADDR_ANY}, .sin_zero = {}};
    if (six) {
        check(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), "IPV6_V6ONLY");
        check(bind(fd, reinterpret_cast<sockaddr *>(&any6), sizeof any6), "bind");
    } else {
        check(bind(fd, reinterpret_cast<sockaddr *>(&any4), sizeof any4), "bind");
    }
    check(listen(fd, 500), "listen");
    return fd;
}

static unsigned port_of(int fd)
{
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size);
    return ntohs(address.sin6_port); // in the same place for IPv4
}

static std::optional<unsigned> to_port(const std::string &text)
try {
    size_t used = 0;
    if (text.empty() || !std::isdigit(static_cast<unsigned char>(text[0])))
        return std::nullopt;
    unsigned long port = std::stoul(text, &used);
    if (used != text.size() || port > 65535)
        return std::nullopt;
    return static_cast<unsigned>(port);
} catch (const std::exception &) {
    return std::nullopt;
}

int main(int argc, char *argv[])
{
    std::optional<unsigned> port = to_port(argc > 1 ? argv[1] : "9034");
    if (argc > 2 || !port) {
        std::cerr << "usage: server [port]\n";
        return 2;
    }

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);

    try {
        int listener = listener_for(*port);
        std::stop_source closing;
        std::stop_callback wake_up(closing.get_token(), [listener] { shutdown(listener, SHUT_RDWR); });
        Lounge lounge;
        std::jthread signals([&] {
            int signal;
            sigwait(&ends, &signal);
            closing.request_stop();
        });
        std::cout << "Listening on port: [" << port_of(listener) << "] ..." << std::endl;

        while (!closing.stop_requested()) {
            int fd = accept(listener, nullptr, nullptr);
            try {
                if (fd >= 0)
                    lounge.admit(fd);
                else if (!closing.stop_requested() && errno != EINTR && errno != ECONNABORTED)
                    throw std::system_error(errno, std::generic_category(), "accept");
            } catch (const std::system_error &e) {
                note(e.what());
                std::this_thread::sleep_for(100ms);
            }
        }
        lounge.close_down();
        signals.join();
        close(listener);
    } catch (const std::exception &e) {
        std::cerr << "server: " << e.what() << std::endl;
        return 1;
    }
    return 0;
}
