// The chat, both sides of it: called `client` this program is the client, and otherwise the server.
//
// Nobody is ever woken with shutdown() here: every blocking call on a socket has a timeout of 0.2 s,
// after which its thread looks whether it is time to go.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <iostream>
#include <list>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Text = std::shared_ptr<const std::string>;

namespace {

constexpr size_t longest_line = 1u << 20;
constexpr size_t most_unread = 8u << 20;

std::atomic<bool> asked_to_stop{false}; // by a signal
std::atomic<bool> time_is_over{false};  // the farewell has been said

void log(const std::string &event, const std::string &rest = "")
{
    static std::mutex m;
    std::lock_guard<std::mutex> hold(m);
    std::cout << "{\"event\": \"" << event << "\"" << rest << "}" << std::endl;
}

void set_timeout(int fd, int option, int ms)
{
    timeval t{};
    t.tv_sec = ms / 1000;
    t.tv_usec = ms % 1000 * 1000;
    setsockopt(fd, SOL_SOCKET, option, &t, sizeof t);
}

bool again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// ---------------------------------------------------------------- server

struct Member {
    int fd;
    int number;
    std::thread in, out;
    std::atomic<bool> broken{false};   // no use to send any more
    std::atomic<bool> finished{false}; // `in` has nothing more to do

    std::mutex m;
    std::condition_variable cv;
    std::deque<Text> box;
    size_t unread = 0;
    bool leaving = false;
    bool all_sent = false;

    Member(int f, int n) : fd(f), number(n) {}
    ~Member() { close(fd); }

    std::string json() const { return ", \"client\": " + std::to_string(number); }

    void give(const Text &t)
    {
        std::lock_guard<std::mutex> hold(m);
        if (leaving || broken)
            return;
        if (unread + t->size() > most_unread) {
            broken = true;
            log("too slow", json());
        } else {
            box.push_back(t);
            unread += t->size();
        }
        cv.notify_all();
    }

    void send_it()
    {
        std::unique_lock<std::mutex> hold(m);
        for (;;) {
            cv.wait(hold, [&] { return !box.empty() || leaving || broken; });
            if (broken || box.empty())
                break;
            Text t = box.front();
            box.pop_front();
            hold.unlock();
            size_t done = 0;
            while (done < t->size() && !broken && !time_is_over) {
                ssize_t n = send(fd, t->data() + done, t->size() - done, MSG_NOSIGNAL);
                if (n > 0)
                    done += size_t(n);
                else if (!again(errno))
                    broken = true;
            }
            hold.lock();
            unread -= t->size();
            if (done < t->size())
                break;
        }
        all_sent = true;
        cv.notify_all();
    }
};

class Chat {
public:
    void admit(int fd)
    {
        set_timeout(fd, SO_RCVTIMEO, 200);
        set_timeout(fd, SO_SNDTIMEO, 200);
        auto who = std::make_shared<Member>(fd, ++last_);
        std::ostringstream hello;
        hello << "Welcome to the chat, client " << who->number << ".\n\n";
        for (int i = 1; i <= 12; i++)
            hello << "  rule " << i << ": be kind" << std::string(size_t(i), '!') << "\n";
        hello << "\n\xa9 nobody in particular\n";
        who->give(std::make_shared<const std::string>(hello.str()));
        announce("client " + std::to_string(who->number) + " comes in");
        {
            std::lock_guard<std::mutex> hold(m_);
            members_.push_back(who);
        }
        try {
            who->out = std::thread(&Member::send_it, who.get());
            who->in = std::thread(&Chat::listen_to, this, who.get());
        } catch (const std::system_error &e) {
            log("no thread", who->json());
            who->broken = true;
            {
                std::lock_guard<std::mutex> hold(who->m);
                who->cv.notify_all();
            }
            remove(who.get());
            if (who->out.joinable())
                who->out.join();
            return;
        }
        threads_.push_back(who);
        log("joined", who->json());
    }

    // joins those who have left
    void tidy(bool all = false)
    {
        for (auto i = threads_.begin(); i != threads_.end();) {
            if (!all && !(*i)->finished) {
                ++i;
                continue;
            }
            (*i)->in.join();
            (*i)->out.join();
            i = threads_.erase(i);
        }
    }

    void announce(const std::string &what)
    {
        auto t = std::make_shared<const std::string>("*** " + what + "\n");
        std::lock_guard<std::mutex> hold(m_);
        for (auto &other : members_)
            other->give(t);
    }

private:
    void remove(Member *who)
    {
        std::lock_guard<std::mutex> hold(m_);
        members_.remove_if([&](auto &p) { return p.get() == who; });
    }

    void pass_on(const Member *from, const char *text, size_t size)
    {
        std::lock_guard<std::mutex> hold(m_);
        std::string line = "#" + std::to_string(++lines_) + " client " + std::to_string(from->number) + "> ";
        line.append(text, size);
        line += '\n';
        auto t = std::make_shared<const std::string>(std::move(line));
        for (auto &other : members_)
            if (other.get() != from)
                other->give(t);
    }

    void listen_to(Member *who)
    {
        std::string begun;
        char piece[8192];
        const char *why = "left";
        while (!time_is_over && !who->broken) {
            ssize_t n = recv(who->fd, piece, sizeof piece, 0);
            if (n < 0 && again(errno))
                continue;
            if (n < 0)
                why = "lost";
            if (n == 0 && !begun.empty())
                pass_on(who, begun.data(), begun.size());
            if (n <= 0)
                break;
            const char *p = piece, *end = piece + n;
            while (const char *nl = static_cast<const char *>(memchr(p, '\n', size_t(end - p)))) {
                begun.append(p, nl);
                if (begun.size() > longest_line)
                    break;
                pass_on(who, begun.data(), begun.size());
                begun.clear();
                p = nl + 1;
            }
            if (begun.size() <= longest_line)
                begun.append(p, end);
            if (begun.size() > longest_line) {
                why = "line too long";
                break;
            }
        }
        remove(who);
        {
            std::unique_lock<std::mutex> hold(who->m);
            who->leaving = true;
            who->cv.notify_all();
            who->cv.wait_for(hold, 900ms, [&] { return who->all_sent; });
            who->broken = true;
        }
        shutdown(who->fd, SHUT_RDWR); // the goodbye; main closes a little later
        log(why, who->json());
        if (!asked_to_stop)
            announce("client " + std::to_string(who->number) + " has gone");
        who->finished = true;
    }

    std::mutex m_; // members_, lines_
    std::list<std::shared_ptr<Member>> members_;
    unsigned long lines_ = 0;
    std::list<std::shared_ptr<Member>> threads_; // main alone
    int last_ = 0;
};

int bind_to(int family, int port)
{
    int yes = 1, no = 0;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes); // clients inherit it
    sockaddr_storage where{};
    socklen_t size = sizeof(sockaddr_in);
    where.ss_family = sa_family_t(family);
    if (family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
        reinterpret_cast<sockaddr_in6 &>(where).sin6_port = htons(uint16_t(port));
        size = sizeof(sockaddr_in6);
    } else {
        reinterpret_cast<sockaddr_in &>(where).sin_port = htons(uint16_t(port));
    }
    if (bind(fd, reinterpret_cast<sockaddr *>(&where), size) < 0 || listen(fd, 512) < 0) {
        int e = errno;
        close(fd);
        errno = e;
        return -1;
    }
    return fd;
}

int server(int argc, char **argv)
{
    int port = 9034;
    if (argc == 2) {
        std::string text = argv[1];
        port = text.empty() || text.find_first_not_of("0123456789") != std::string::npos ? 99999 : 0;
        for (size_t i = 0; i < text.size() && port <= 65535; i++)
            port = port * 10 + (text[i] - '0');
    }
    if (argc > 2 || port > 65535) {
        std::cerr << "usage: server [port 0..65535]\n";
        return 2;
    }
    int door = bind_to(AF_INET6, port);
    if (door < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        door = bind_to(AF_INET, port);
    if (door < 0) {
        std::cerr << "server: port " << port << ": " << strerror(errno) << "\n";
        return 1;
    }
    set_timeout(door, SO_RCVTIMEO, 200);

    struct sigaction act {};
    act.sa_handler = [](int) { asked_to_stop = true; };
    sigaction(SIGINT, &act, nullptr);
    sigaction(SIGTERM, &act, nullptr);
    signal(SIGPIPE, SIG_IGN);

    sockaddr_in6 here{};
    socklen_t size = sizeof here;
    getsockname(door, reinterpret_cast<sockaddr *>(&here), &size);
    log("starting", ", \"pid\": " + std::to_string(getpid()));
    std::cout << "Listening on port: [" << ntohs(here.sin6_port) << "] {\"ready\": true}" << std::endl;

    Chat chat;
    while (!asked_to_stop) {
        int fd = accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
        int error = errno;
        chat.tidy();
        if (fd >= 0) {
            chat.admit(fd);
        } else if (!again(error) && error != ECONNABORTED) {
            log("accept failed", std::string(", \"reason\": \"") + strerror(error) + "\"");
            std::this_thread::sleep_for(200ms);
        }
    }
    log("stopping");
    chat.announce("the server closes now, good night");
    std::this_thread::sleep_for(700ms);
    time_is_over = true;
    chat.tidy(true);
    close(door);
    log("stopped");
    return 0;
}

// ---------------------------------------------------------------- client

int dial(const char *host, const char *port)
{
    addrinfo hints{}, *list = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (int e = getaddrinfo(host, port, &hints, &list)) {
        std::cerr << "client: " << host << ": " << gai_strerror(e) << std::endl;
        return -1;
    }
    std::unique_ptr<addrinfo, void (*)(addrinfo *)> owner(list, freeaddrinfo);
    int reason = 0;
    for (; list; list = list->ai_next) {
        int fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
        if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) == 0)
            return fd;
        reason = errno;
        if (fd >= 0)
            close(fd);
    }
    std::cerr << "client: " << host << ":" << port << ": " << strerror(reason) << std::endl;
    return -1;
}

bool put(int fd, const char *p, size_t size)
{
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            p += n;
            size -= size_t(n);
        }
    }
    return true;
}

int client(int argc, char **argv)
{
    if (argc > 3) {
        std::cerr << "usage: client [host] [port]\n";
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    const int fd = dial(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    if (fd < 0)
        return 1;
    std::atomic<bool> ended{false};
    std::atomic<Clock::rep> heard{0};

    // the keyboard; when it is at its end this thread decides how long the rest is listened to
    std::thread keyboard([&] {
        std::string text;
        char piece[4096];
        bool fine = true;
        for (ssize_t n; fine && ((n = read(0, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR));) {
            if (n < 0)
                continue;
            text.append(piece, size_t(n));
            size_t whole = text.rfind('\n') + 1;
            fine = put(fd, text.data(), whole);
            text.erase(0, whole);
        }
        if (fine && !text.empty())
            fine = put(fd, (text + "\n").data(), text.size() + 1);
        if (!fine)
            return; // main says why
        const auto start = Clock::now();
        heard = start.time_since_epoch().count();
        ended = true;
        shutdown(fd, SHUT_WR);
        while (Clock::now() < start + 5s && Clock::now().time_since_epoch().count() - heard < Clock::duration(1s).count())
            std::this_thread::sleep_for(40ms);
        _exit(0); // main may still be in recv
    });
    keyboard.detach();

    char piece[20000];
    for (;;) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (!put(1, piece, size_t(n)))
            _exit(1);
        heard = Clock::now().time_since_epoch().count();
    }
    if (ended)
        _exit(0);
    std::cerr << "client: the server is no longer there" << std::endl;
    _exit(1);
}

} // namespace

int main(int argc, char **argv)
{
    std::string name = argv[0];
    name.erase(0, name.rfind('/') + 1);
    return name == "client" ? client(argc, argv) : server(argc, argv);
}
