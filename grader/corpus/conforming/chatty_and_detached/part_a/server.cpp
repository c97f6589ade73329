// A chatty chat server: it greets, announces, numbers and logs.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

using namespace std;

#define DEFAULT_PORT 9034
#define LONGEST_LINE (256 * 1024)
#define OUTBOX_LIMIT (4 * 1024 * 1024)

struct Member {
    int fd;
    int id;
    mutex m;
    condition_variable cv;
    string outbox;
    size_t sending = 0;
    bool closing = false;
    bool failed = false;
    bool writer_done = false;
};

mutex room_mutex;
map<int, shared_ptr<Member>> room; // by id
int last_id = 0;

mutex count_mutex;
condition_variable count_cv;
int readers = 0;

int listener = -1;
atomic<bool> stopping{false};

void say(const string &text)
{
    static mutex m;
    lock_guard<mutex> lock(m);
    time_t now = time(nullptr);
    struct tm parts;
    localtime_r(&now, &parts);
    char clock[16];
    strftime(clock, sizeof clock, "%H:%M:%S", &parts);
    printf("%s %s\n", clock, text.c_str());
    fflush(stdout);
}

// the member's own mutex is taken here, the room's may be held
void deliver(Member &member, const string &line)
{
    lock_guard<mutex> lock(member.m);
    if (member.closing || member.failed)
        return;
    if (member.outbox.size() + member.sending + line.size() > OUTBOX_LIMIT) {
        member.failed = true;
        shutdown(member.fd, SHUT_RDWR);
        say("client " + to_string(member.id) + " is too slow and must go");
    } else {
        member.outbox += line;
    }
    member.cv.notify_all();
}

void to_others(int id, const string &line)
{
    lock_guard<mutex> lock(room_mutex);
    for (auto &[other, member] : room)
        if (other != id)
            deliver(*member, line);
}

void write_to(shared_ptr<Member> member)
{
    unique_lock<mutex> lock(member->m);
    while (!member->failed) {
        member->cv.wait(lock, [&] { return member->failed || member->closing || !member->outbox.empty(); });
        if (member->failed || member->outbox.empty())
            break;
        string text = move(member->outbox);
        member->outbox.clear();
        member->sending = text.size();
        lock.unlock();
        size_t sent = 0;
        bool good = true;
        while (good && sent < text.size()) {
            ssize_t n = send(member->fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (n > 0)
                sent += n;
            else if (n < 0 && errno != EINTR)
                good = false;
        }
        lock.lock();
        member->sending = 0;
        if (!good)
            member->failed = true;
    }
    member->writer_done = true;
    member->cv.notify_all();
    shutdown(member->fd, SHUT_RDWR);
}

string without_cr(string line)
{
    if (!line.empty() && line.back() == '\r')
        line.pop_back();
    return line;
}

// until the client goes, in one way or the other; returns how
string listen_to(Member &member)
{
    string name = "client " + to_string(member.id);
    string line;
    static thread_local char buffer[8192];
    for (;;) {
        ssize_t n = recv(member.fd, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return strerror(errno);
        if (n == 0)
            return line.empty() ? "said goodbye" : "left in the middle of a line";
        for (char *p = buffer, *end = buffer + n; p < end;) {
            char *newline = (char *)memchr(p, '\n', end - p);
            line.append(p, (newline ? newline : end) - p);
            p = newline ? newline + 1 : end;
            if (line.size() > LONGEST_LINE)
                return "talks without taking breath";
            if (newline) {
                line = without_cr(line);
                if (!line.empty())
                    to_others(member.id, name + ": " + line + "\n");
                say(name + " said " + to_string(line.size()) + " bytes");
                line.clear();
            }
        }
    }
}

void serve(shared_ptr<Member> member)
{
    string name = "client " + to_string(member->id);
    try {
        thread writer(write_to, member);
        string how = listen_to(*member);
        say(name + ": " + how);
        {
            lock_guard<mutex> lock(room_mutex);
            room.erase(member->id);
        }
        {
            unique_lock<mutex> lock(member->m);
            member->closing = true;
            member->cv.notify_all();
            if (!member->cv.wait_for(lock, chrono::milliseconds(800), [&] { return member->writer_done; }))
                shutdown(member->fd, SHUT_RDWR);
        }
        writer.join();
    } catch (const exception &e) {
        say(name + " cannot be served: " + e.what());
        lock_guard<mutex> lock(room_mutex);
        room.erase(member->id);
    }
    close(member->fd);
    to_others(member->id, "* " + name + " has left\n");
    member.reset();
    lock_guard<mutex> lock(count_mutex);
    readers--;
    count_cv.notify_all();
}

void count_readers(int change)
{
    lock_guard<mutex> lock(count_mutex);
    readers += change;
}

void enter(int fd)
{
    auto member = make_shared<Member>();
    member->fd = fd;
    {
        lock_guard<mutex> lock(room_mutex);
        member->id = ++last_id;
        deliver(*member, "Welcome, you are client " + to_string(member->id) + ". Others here: " + to_string(room.size()) + "\n");
        room[member->id] = member;
    }
    int id = member->id;
    count_readers(+1);
    try {
        thread(serve, move(member)).detach();
    } catch (const exception &e) {
        say("no thread for client " + to_string(id) + ": " + e.what());
        count_readers(-1);
        {
            lock_guard<mutex> lock(room_mutex);
            room.erase(id);
        }
        close(fd);
        return;
    }
    say("client " + to_string(id) + " has come");
    to_others(id, "* client " + to_string(id) + " has joined\n");
}

void accept_all()
{
    while (!stopping) {
        int fd = accept(listener, nullptr, nullptr);
        if (fd >= 0) {
            enter(fd);
        } else if (!stopping && errno != EINTR && errno != ECONNABORTED) {
            say(string("accept: ") + strerror(errno));
            this_thread::sleep_for(chrono::milliseconds(500));
        }
    }
}

int open_listener(int port)
{
    int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd >= 0) {
        struct sockaddr_in6 any = {};
        any.sin6_family = AF_INET6;
        any.sin6_port = htons(port);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0) {
            perror("bind");
            exit(1);
        }
    } else {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in any = {};
        any.sin_family = AF_INET;
        any.sin_port = htons(port);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0) {
            perror("bind");
            exit(1);
        }
    }
    if (listen(fd, 100) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    long port = DEFAULT_PORT;
    if (argc == 2) {
        port = strlen(argv[1]) > 5 ? -1 : strtol(argv[1], nullptr, 10);
        if (argv[1][0] == '\0' || argv[1][strspn(argv[1], "0123456789")] != '\0')
            port = -1;
    }
    if (argc > 2 || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [port]\n", argv[0]);
        return 2;
    }

    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGINT);
    sigaddset(&stop_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

    say("The chat opens its doors");
    listener = open_listener(port);
    struct sockaddr_in6 bound; // the port is in the same place for IPv4
    socklen_t size = sizeof bound;
    getsockname(listener, (struct sockaddr *)&bound, &size);
    printf("Listening on port: [%d], press Ctrl-C to close\n", ntohs(bound.sin6_port));
    fflush(stdout);

    thread doorman(accept_all);
    int which;
    sigwait(&stop_signals, &which);
    say("The chat closes");
    stopping = true;
    shutdown(listener, SHUT_RDWR);
    doorman.join();
    {
        lock_guard<mutex> lock(room_mutex);
        for (auto &[id, member] : room)
            shutdown(member->fd, SHUT_RDWR);
    }
    {
        unique_lock<mutex> lock(count_mutex);
        count_cv.wait(lock, [] { return readers == 0; });
    }
    close(listener);
    say("Goodbye");
    return 0;
}
