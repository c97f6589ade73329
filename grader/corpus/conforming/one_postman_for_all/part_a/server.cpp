// A chat server with one thread for each client. Lines are sent without waiting; what a client
// does not take at once is kept for it, and a single thread, the postman, tries again.
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <iostream>
#include <list>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t longest_line = 1 << 20;
constexpr std::size_t biggest_backlog = 2 << 20;

class Log {
public:
    static void line(const std::string &text)
    {
        static std::mutex mutex;
        std::lock_guard guard(mutex);
        std::clog << "server: " << text << std::endl;
    }
};

// owns a descriptor
class Socket {
public:
    explicit Socket(int fd = -1) : fd_(fd) {}
    Socket(Socket &&other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Socket &operator=(Socket &&) = delete;
    ~Socket()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    int fd() const { return fd_; }
    void hang_up() const { ::shutdown(fd_, SHUT_RDWR); }

private:
    int fd_;
};

class Session {
public:
    Session(Socket socket, unsigned id) : socket_(std::move(socket)), id_(id)
    {
        int on = 1;
        ::setsockopt(socket_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    std::string name() const { return "#" + std::to_string(id_); }
    void hang_up() const { socket_.hang_up(); }

    // up to size bytes; 0 at the end, however it came
    std::size_t receive(char *data, std::size_t size) const
    {
        ssize_t n;
        do
            n = ::recv(socket_.fd(), data, size, 0);
        while (n < 0 && errno == EINTR);
        return n < 0 ? 0 : static_cast<std::size_t>(n);
    }

    // true when something is left for the postman
    bool send(std::string_view text)
    {
        std::lock_guard guard(mutex_);
        if (broken_)
            return false;
        backlog_ += text;
        push();
        if (backlog_.size() > biggest_backlog) {
            Log::line(name() + " does not read; hanging up");
            give_up();
        }
        return !backlog_.empty();
    }

    // tries again; true when something is still left
    bool retry()
    {
        std::lock_guard guard(mutex_);
        push();
        return !backlog_.empty();
    }

private:
    void push()
    {
        std::size_t done = 0;
        while (!broken_ && done < backlog_.size()) {
            ssize_t n = ::send(socket_.fd(), backlog_.data() + done, backlog_.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n >= 0)
                done += static_cast<std::size_t>(n);
            else if (errno == EAGAIN || errno == EWOULDBLOCK)
                break;
            else if (errno != EINTR)
                give_up();
        }
        backlog_.erase(0, done);
    }

    void give_up()
    {
        broken_ = true;
        backlog_ = std::string();
        hang_up();
    }

    const Socket socket_;
    const unsigned id_;
    std::mutex mutex_;
    std::string backlog_;
    bool broken_ = false;
};

using SessionPtr = std::shared_ptr<Session>;

class Hub {
public:
    Hub() : postman_([this] { deliver(); }) {}

    ~Hub()
    {
        {
            std::lock_guard guard(mutex_);
            closing_ = true;
            changed_.notify_all();
        }
        postman_.join();
    }

    void enter(const SessionPtr &session)
    {
        std::lock_guard guard(mutex_);
        sessions_.insert(session);
    }

    void leave(const SessionPtr &session)
    {
        std::lock_guard guard(mutex_);
        sessions_.erase(session);
    }

    void tell_others(const SessionPtr &from, std::string_view line)
    {
        std::lock_guard guard(mutex_);
        for (const auto &session : sessions_)
            if (session != from && session->send(line) && !mail_) {
                mail_ = true;
                changed_.notify_all();
            }
    }

    void hang_up()
    {
        std::lock_guard guard(mutex_);
        for (const auto &session : sessions_)
            session->hang_up();
    }

private:
    void deliver()
    {
        std::unique_lock lock(mutex_);
        while (!closing_) {
            changed_.wait(lock, [this] { return mail_ || closing_; });
            mail_ = false;
            for (const auto &session : sessions_)
                if (session->retry())
                    mail_ = true;
            if (mail_)
                changed_.wait_for(lock, 5ms, [this] { return closing_; });
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<SessionPtr> sessions_;
    bool mail_ = false;
    bool closing_ = false;
    std::thread postman_;
};

class Server {
public:
    explicit Server(const char *port) : listener_(open(port)) {}

    int port() const
    {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        ::getsockname(listener_.fd(), reinterpret_cast<sockaddr *>(&address), &size);
        char text[NI_MAXSERV];
        ::getnameinfo(reinterpret_cast<sockaddr *>(&address), size, nullptr, 0, text, sizeof text, NI_NUMERICSERV);
        return std::stoi(text);
    }

    void serve()
    {
        while (!stopped()) {
            Socket socket(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
            join_finished();
            if (socket.fd() >= 0) {
                start(std::move(socket));
            } else if (errno != EINTR && errno != ECONNABORTED && !stopped()) {
                Log::line(std::string("accept: ") + std::strerror(errno));
                std::this_thread::sleep_for(300ms);
            }
        }
        hub_.hang_up();
        for (auto &thread : threads_)
            thread.join();
    }

    void stop()
    {
        {
            std::lock_guard guard(mutex_);
            stopped_ = true;
        }
        listener_.hang_up();
    }

private:
    static int open(const char *port)
    {
        addrinfo hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
        std::string reason;
        for (int family : {AF_INET6, AF_INET}) {
            hints.ai_family = family;
            addrinfo *list = nullptr;
            if (int error = ::getaddrinfo(nullptr, port, &hints, &list)) {
                reason = ::gai_strerror(error);
                continue;
            }
            std::unique_ptr<addrinfo, void (*)(addrinfo *)> guard(list, ::freeaddrinfo);
            int fd = ::socket(list->ai_family, list->ai_socktype | SOCK_CLOEXEC, 0);
            if (fd < 0) {
                reason = std::strerror(errno);
                continue;
            }
            int on = 1, off = 0;
            ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            if (family == AF_INET6)
                ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
            if (::bind(fd, list->ai_addr, list->ai_addrlen) == 0 && ::listen(fd, SOMAXCONN) == 0)
                return fd;
            reason = std::strerror(errno);
            int error = errno;
            ::close(fd);
            if (error != EADDRNOTAVAIL)
                break;
        }
        throw std::runtime_error("port " + std::string(port) + ": " + reason);
    }

    bool stopped()
    {
        std::lock_guard guard(mutex_);
        return stopped_;
    }

    void start(Socket socket)
    {
        auto session = std::make_shared<Session>(std::move(socket), ++last_id_);
        hub_.enter(session);
        try {
            auto place = threads_.emplace(threads_.end());
            try {
                *place = std::thread([this, session, place]() mutable { run(std::move(session), place); });
            } catch (...) {
                threads_.erase(place);
                throw;
            }
        } catch (const std::exception &e) {
            Log::line(session->name() + " finds no thread: " + e.what());
            hub_.leave(session);
        }
    }

    using Place = std::list<std::thread>::iterator;

    void run(SessionPtr session, Place place)
    {
        Log::line(session->name() + " came in");
        listen_to(session);
        hub_.leave(session);
        for (int patience = 200; patience > 0 && session->retry() && !stopped(); --patience)
            std::this_thread::sleep_for(5ms);
        session->hang_up();
        Log::line(session->name() + " went away");
        session.reset();
        std::lock_guard guard(mutex_);
        finished_.push_back(place);
    }

    void listen_to(const SessionPtr &session)
    {
        std::vector<char> buffer(32768);
        std::string line;
        while (std::size_t size = session->receive(buffer.data(), buffer.size())) {
            std::string_view rest(buffer.data(), size);
            for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
                line += rest.substr(0, end + 1);
                rest.remove_prefix(end + 1);
                if (line.size() > longest_line + 1)
                    break;
                hub_.tell_others(session, line);
                line.clear();
            }
            line += rest;
            if (line.size() > longest_line + 1) {
                Log::line(session->name() + " sends a line without an end; hanging up");
                return;
            }
        }
    }

    void join_finished()
    {
        std::vector<Place> finished;
        {
            std::lock_guard guard(mutex_);
            finished.swap(finished_);
        }
        for (auto place : finished) {
            place->join();
            threads_.erase(place);
        }
    }

    Socket listener_;
    Hub hub_;
    unsigned last_id_ = 0;
    std::list<std::thread> threads_; // touched by serve() alone
    std::mutex mutex_;
    std::vector<Place> finished_;
    bool stopped_ = false;
};

bool is_port(std::string_view text)
{
    if (text.empty() || text.find_first_not_of("0123456789") != text.npos)
        return false;
    while (text.size() > 1 && text.front() == '0')
        text.remove_prefix(1);
    return text.size() < 5 || (text.size() == 5 && text <= "65535");
}

} // namespace

int main(int argc, char *argv[])
{
    const char *port = argc > 1 ? argv[1] : "9034";
    if (argc > 2 || !is_port(port)) {
        std::cerr << "Usage: " << argv[0] << " [port]" << std::endl;
        return 2;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    try {
        Server server(port);
        std::thread stopper([&] {
            int signal = 0;
            sigwait(&set, &signal);
            server.stop();
        });
        std::cout << "Listening on port: [" << server.port() << "] ..." << std::endl;
        server.serve();
        stopper.join();
    } catch (const std::exception &e) {
        std::cerr << argv[0] << ": " << e.what() << std::endl;
        return 1;
    }
    return 0;
}
