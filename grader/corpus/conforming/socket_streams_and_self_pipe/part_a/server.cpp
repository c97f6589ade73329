// Chat server: each client is a stream.
#include "socket_buffer.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std;

static int signal_pipe[2];

extern "C" void on_signal(int)
{
    int kept = errno;
    if (write(signal_pipe[1], "!", 1) < 0) {
        // nothing can be done here
    }
    errno = kept;
}

struct Talker {
    explicit Talker(int socket) : fd(socket), buffer(socket), stream(&buffer) {}
    ~Talker() { close(fd); }

    const int fd;
    SocketBuffer buffer;
    ostream stream; // for the writer
    mutex lock;
    condition_variable wake;
    vector<string> lines;
    size_t bytes = 0;
    bool over = false;
    bool writer_over = false;
};

class Chat {
public:
    void add(int fd)
    {
        auto talker = make_shared<Talker>(fd);
        lock_guard guard(lock_);
        talkers_[fd] = talker;
        alive_++;
        try {
            thread([this, talker]() mutable { serve(move(talker)); }).detach();
        } catch (const exception &e) {
            alive_--;
            talkers_.erase(fd);
            complain(e.what());
        }
    }

    void end()
    {
        unique_lock guard(lock_);
        for (auto &[fd, talker] : talkers_)
            shutdown(fd, SHUT_RDWR);
        nobody_.wait(guard, [this] { return alive_ == 0; });
    }

    static void complain(const string &text)
    {
        ostringstream out;
        out << "chat: " << text << '\n';
        cerr << out.str();
    }

private:
    void serve(shared_ptr<Talker> me)
    {
        try {
            thread writer([this, me] { write(*me); });
            listen_to(*me);
            remove(*me);
            unique_lock guard(me->lock);
            me->over = true;
            me->wake.notify_all();
            if (!me->wake.wait_for(guard, chrono::seconds(1), [&] { return me->writer_over; }))
                shutdown(me->fd, SHUT_RDWR);
            guard.unlock();
            writer.join();
        } catch (const exception &e) {
            complain(e.what());
            remove(*me);
        }
        me.reset(); // closes, once nobody uses it any more
        lock_guard guard(lock_);
        alive_--;
        nobody_.notify_all();
    }

    void remove(Talker &who)
    {
        lock_guard guard(lock_);
        talkers_.erase(who.fd);
    }

    void listen_to(Talker &me)
    {
        const size_t limit = 1 << 20;
        string line;
        for (auto c = me.buffer.sbumpc(); c != EOF; c = me.buffer.sbumpc()) {
            line += static_cast<char>(c);
            if (c == '\n') {
                tell(me, line);
                line.clear();
            } else if (line.size() > limit) {
                complain("a line has more than 1 MiB, its sender must go");
                return;
            }
        }
        if (!line.empty())
            tell(me, line + '\n');
    }

    void tell(Talker &me, const string &line)
    {
        lock_guard guard(lock_);
        for (auto &[fd, talker] : talkers_) {
            if (talker.get() == &me)
                continue;
            lock_guard inner(talker->lock);
            talker->bytes += line.size() + 64;
            if (talker->bytes > 12'000'000) {
                if (!talker->over)
                    complain("a client does not read, it must go");
                talker->over = true;
                shutdown(fd, SHUT_RDWR);
            }
            if (!talker->over)
                talker->lines.push_back(line);
            talker->wake.notify_all();
        }
    }

    void write(Talker &me)
    {
        unique_lock guard(me.lock);
        while (me.stream) {
            me.wake.wait(guard, [&] { return me.over || !me.lines.empty(); });
            if (me.lines.empty())
                break;
            vector<string> batch;
            batch.swap(me.lines);
            guard.unlock();
            size_t size = 0;
            for (const string &line : batch) {
                me.stream << line;
                size += line.size() + 64;
            }
            me.stream << flush;
            guard.lock();
            me.bytes -= min(me.bytes, size);
        }
        me.over = true;
        me.writer_over = true;
        me.wake.notify_all();
        shutdown(me.fd, SHUT_RDWR);
    }

    mutex lock_;
    condition_variable nobody_;
    map<int, shared_ptr<Talker>> talkers_;
    int alive_ = 0;
};

static int open_door(unsigned short port)
{
    int one = 1, zero = 0;
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    auto *address = reinterpret_cast<sockaddr *>(&six);
    socklen_t size = sizeof six;
    int door = socket(AF_INET6, SOCK_STREAM, 0);
    if (door >= 0) {
        setsockopt(door, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    } else {
        door = socket(AF_INET, SOCK_STREAM, 0);
        address = reinterpret_cast<sockaddr *>(&four);
        size = sizeof four;
    }
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (door < 0 || bind(door, address, size) < 0 || listen(door, 256) < 0)
        return -1;
    getsockname(door, address, &size);
    int real = ntohs(address->sa_family == AF_INET6 ? six.sin6_port : four.sin_port);
    cout << "Listening on port: [" << real << "] ..." << endl;
    return door;
}

int main(int argc, char *argv[])
{
    long port = 9034;
    if (argc > 1) {
        istringstream in(argv[1]);
        if (!(in >> noskipws >> port) || in.get() != EOF || port < 0 || port > 65535 || !isdigit(argv[1][0])) {
            cerr << "usage: " << argv[0] << " [port]" << endl;
            return 2;
        }
    }
    if (argc > 2) {
        cerr << "usage: " << argv[0] << " [port]" << endl;
        return 2;
    }

    if (pipe(signal_pipe) < 0) {
        perror("pipe");
        return 1;
    }
    struct sigaction action = {};
    action.sa_flags = SA_RESTART;
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);

    int door = open_door(static_cast<unsigned short>(port));
    if (door < 0) {
        perror("cannot listen");
        return 1;
    }

    Chat chat;
    mutex lock;
    bool closed = false;
    condition_variable closing;
    thread porter([&] {
        while (true) {
            int fd = accept(door, nullptr, nullptr);
            int error = errno;
            unique_lock guard(lock);
            if (closed) {
                if (fd >= 0)
                    close(fd);
                return;
            }
            if (fd < 0 && error != EINTR && error != ECONNABORTED) {
                Chat::complain(strerror(error));
                closing.wait_for(guard, chrono::milliseconds(250), [&] { return closed; });
            }
            guard.unlock();
            if (fd >= 0)
                chat.add(fd);
        }
    });

    char what;
    while (read(signal_pipe[0], &what, 1) != 1)
        ;
    {
        lock_guard guard(lock);
        closed = true;
        closing.notify_all();
    }
    shutdown(door, SHUT_RDWR);
    porter.join();
    chat.end();
    close(door);
    return 0;
}
