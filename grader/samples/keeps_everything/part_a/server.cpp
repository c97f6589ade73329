// The chat server. Nobody ever waits for a slow client: what it has not read yet stays in its mailbox.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

constexpr size_t kLongestLine = 1 << 20;

class Guest {
public:
    explicit Guest(int fd) : fd(fd) {}
    ~Guest() { close(fd); }
    const int fd;

    void post(const std::string &text) {
        std::lock_guard<std::mutex> hold(lock);
        mailbox += text;
        news.notify_one();
    }

    void goodbye() {
        std::lock_guard<std::mutex> hold(lock);
        leaving = true;
        news.notify_one();
    }

    void deliver() {
        std::unique_lock<std::mutex> hold(lock);
        for (;;) {
            news.wait(hold, [this] { return leaving || !mailbox.empty(); });
            if (mailbox.empty())
                return;
            std::string text;
            text.swap(mailbox);
            hold.unlock();
            bool sent = send_all(text);
            hold.lock();
            if (!sent) {
                mailbox.clear();
                leaving = true;
                shutdown(fd, SHUT_RDWR);
            }
        }
    }

private:
    bool send_all(const std::string &text) {
        for (size_t done = 0; done < text.size();) {
            ssize_t n = send(fd, text.data() + done, text.size() - done, MSG_NOSIGNAL);
            if (n > 0)
                done += n;
            else if (errno != EINTR && (errno != EAGAIN || has_left()))
                return false;
        }
        return true;
    }

    bool has_left() {
        std::lock_guard<std::mutex> hold(lock);
        return leaving;
    }

    std::mutex lock;
    std::condition_variable news;
    std::string mailbox;
    bool leaving = false;
};

std::mutex door;
std::list<std::shared_ptr<Guest>> guests;

void tell_others(const Guest &from, const std::string &text) {
    std::lock_guard<std::mutex> hold(door);
    for (auto &guest : guests)
        if (guest.get() != &from)
            guest->post(text);
}

void listen_to(Guest &guest) {
    std::string line;
    char piece[16384];
    for (;;) {
        ssize_t n = recv(guest.fd, piece, sizeof piece, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        line.append(piece, n);
        if (size_t end = line.rfind('\n'); end != std::string::npos) {
            tell_others(guest, line.substr(0, end + 1));
            line.erase(0, end + 1);
        }
        if (line.size() > kLongestLine) {
            fprintf(stderr, "a line is too long, goodbye\n");
            return;
        }
    }
    if (!line.empty())
        tell_others(guest, line + '\n');
}

void serve(std::shared_ptr<Guest> guest) {
    try {
        std::thread writer([guest] { guest->deliver(); });
        listen_to(*guest);
        {
            std::lock_guard<std::mutex> hold(door);
            guests.remove(guest);
        }
        guest->goodbye();
        writer.join();
    } catch (const std::system_error &) {
        fprintf(stderr, "no thread to write with\n");
        std::lock_guard<std::mutex> hold(door);
        guests.remove(guest);
    }
    fprintf(stderr, "somebody has left\n");
}

void accept_guests(int listener) {
    for (;;) {
        int fd = accept(listener, nullptr, nullptr);
        if (fd < 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(errno == EMFILE || errno == ENFILE ? 200 : 0));
            continue;
        }
        timeval now_and_then{0, 500000}; // to notice in send() that the guest has left
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &now_and_then, sizeof now_and_then);
        auto guest = std::make_shared<Guest>(fd);
        {
            std::lock_guard<std::mutex> hold(door);
            guests.push_back(guest);
        }
        try {
            std::thread(serve, guest).detach();
        } catch (const std::system_error &) {
            fprintf(stderr, "no thread for a guest\n");
            std::lock_guard<std::mutex> hold(door);
            guests.remove(guest);
        }
    }
}

int main(int argc, char **argv) {
    unsigned port = 9034;
    if (argc > 1) {
        auto [end, error] = std::from_chars(argv[1], argv[1] + strlen(argv[1]), port);
        if (error != std::errc() || *end || !*argv[1] || port > 65535)
            argc = 3;
    }
    if (argc > 2) {
        fprintf(stderr, "usage: server [port]\n");
        return 2;
    }
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);

    int on = 1, off = 0, listener = socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 where{};
    socklen_t size = sizeof where;
    where.sin6_family = AF_INET6;
    where.sin6_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(listener, (sockaddr *)&where, size) < 0 || listen(listener, SOMAXCONN) < 0) {
        perror("server");
        return 1;
    }
    getsockname(listener, (sockaddr *)&where, &size);
    printf("Listening on port: [%d] ...\n", ntohs(where.sin6_port));
    fflush(stdout);
    std::thread(accept_guests, listener).detach();
    int number;
    sigwait(&ends, &number);
    _exit(0);
}
