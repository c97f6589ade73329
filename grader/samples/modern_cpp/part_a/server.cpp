// Chat server, C++20: every client has a reading and a writing std::jthread.
#include <netinet/in.h>
#include <signal.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <list>
#include <optional>
#include <stop_token>
#include <thread>

#include "room.hpp"

namespace {

constexpr std::size_t max_line = 1 << 20;

// The socket's send timeout only serves to look whether this client is still wanted.
bool send_all(const Member& to, std::string_view text) {
    while (!text.empty()) {
        const auto n = ::send(to.fd(), text.data(), text.size(), MSG_NOSIGNAL);
        if (n >= 0)
            text.remove_prefix(static_cast<std::size_t>(n));
        else if (errno == EPIPE || errno == ECONNRESET || to.closed())
            return false;
    }
    return true;
}

class Session {
public:
    Session(Room& room, int id, Fd fd) : room_{room}, member_{std::make_shared<Member>(id, std::move(fd))} {
        room_.join(member_);
        log_line(member_->name() + " joined");
        try {
            reader_ = std::jthread{[this, member = member_] { serve(*member); }};
        } catch (...) {
            room_.leave(*member_);
            throw;
        }
    }
    ~Session() { hang_up(); }

    bool over() const { return over_; }

private:
    void hang_up() {
        std::lock_guard lock{mutex_};
        if (member_) member_->hang_up();
    }

    void serve(Member& me) {
        try {
            std::jthread writer{[&me] { write(me); }};
            read(me);
            room_.leave(me);
            me.close();  // the writer sends what is left, and ends
        } catch (const std::system_error&) {
            log_line("no thread for " + me.name());
            room_.leave(me);
        }
        log_line(me.name() + " left");
        me.hang_up();
        std::lock_guard lock{mutex_};
        member_.reset();
        over_ = true;
    }

    static void write(Member& me) {
        for (auto text = me.pop(); !text.empty(); text = me.pop())
            if (!send_all(me, text)) return me.hang_up();
    }

    void read(Member& me) {
        std::string pending;
        std::vector<char> buffer(64 << 10);
        for (;;) {
            const auto n = ::recv(me.fd(), buffer.data(), buffer.size(), 0);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) break;
            const std::string_view bytes{buffer.data(), static_cast<std::size_t>(n)};
            const auto end = bytes.rfind('\n');
            if (end != bytes.npos) {
                pending += bytes.substr(0, end + 1);
                room_.say(me, pending);
                pending = bytes.substr(end + 1);
            } else {
                pending += bytes;
            }
            if (pending.size() > max_line) return log_line(me.name() + ": line too long");
        }
        if (!pending.empty()) room_.say(me, pending + '\n');
    }

    Room& room_;
    std::mutex mutex_;
    std::shared_ptr<Member> member_;
    std::atomic<bool> over_ = false;
    std::jthread reader_;
};

std::optional<int> parse_port(std::string_view text) {
    int port = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port < 0 || port > 65535) return {};
    return port;
}

Fd listen_on(int port) {
    Fd fd{check(::socket(AF_INET, SOCK_STREAM, 0), "socket")};
    const int yes = 1;
    check(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "setsockopt");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    check(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    check(::listen(fd.get(), SOMAXCONN), "listen");
    return fd;
}

int port_of(const Fd& fd) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    check(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
    return ntohs(address.sin_port);
}

void accept_clients(std::stop_token stop, const Fd& listener) {
    Room room;
    std::list<Session> sessions;
    for (int id = 1; !stop.stop_requested(); ++id) {
        Fd fd{::accept(listener.get(), nullptr, nullptr)};
        sessions.remove_if([](const Session& session) { return session.over(); });
        if (stop.stop_requested()) break;
        if (fd.get() < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            log_line("accept: " + std::generic_category().message(errno));
            std::this_thread::sleep_for(std::chrono::milliseconds{100});
            continue;
        }
        const timeval moment{0, 300'000};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &moment, sizeof moment);
        try {
            sessions.emplace_back(room, id, std::move(fd));
        } catch (const std::exception& error) {
            log_line(std::string{"cannot serve: "} + error.what());
        }
    }
}

}  // namespace

int main(int argc, char* argv[]) {
    const auto port = argc > 1 ? parse_port(argv[1]) : 9034;
    if (!port || argc > 2) {
        std::cerr << "usage: " << argv[0] << " [port]\n";
        return 2;
    }
    try {
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals, nullptr);

        const Fd listener = listen_on(*port);
        std::cout << "Listening on port: [" << port_of(listener) << "] ..." << std::endl;

        std::jthread acceptor{accept_clients, std::cref(listener)};
        int signal = 0;
        sigwait(&signals, &signal);
        acceptor.request_stop();
        ::shutdown(listener.get(), SHUT_RDWR);  // wakes accept()
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return 1;
    }
}
