// Chat client: the server is a stream that one thread reads and the other one writes.
#include "socket_buffer.hpp"

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <iostream>
#include <mutex>
#include <netdb.h>
#include <string>
#include <thread>
#include <unistd.h>

using namespace std;
using namespace std::chrono;

static mutex lock_all;
static condition_variable news;
static bool input_over = false;
static bool server_over = false;
static steady_clock::time_point heard;

static void show(SocketBuffer &from)
{
    while (from.sgetc() != EOF) {
        char piece[8192];
        streamsize n = from.sgetn(piece, min<streamsize>(from.in_avail(), sizeof piece));
        cout.write(piece, n);
        cout.flush();
        lock_guard guard(lock_all);
        heard = steady_clock::now();
    }
    lock_guard guard(lock_all);
    server_over = true;
    news.notify_all();
    if (!input_over) {
        cerr << "The server is gone." << endl;
        _exit(1);
    }
}

static int dial(const char *host, const char *port)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *first;
    int error = getaddrinfo(host, port, &hints, &first);
    if (error) {
        cerr << host << ": " << gai_strerror(error) << endl;
        return -1;
    }
    int fd = -1;
    for (addrinfo *a = first; a; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        error = errno;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(first);
    if (fd < 0)
        cerr << host << ", port " << port << ": " << strerror(error) << endl;
    return fd;
}

int main(int argc, char *argv[])
{
    if (argc > 3) {
        cerr << "usage: " << argv[0] << " [host] [port]" << endl;
        return 2;
    }
    int fd = dial(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    if (fd < 0)
        return 1;

    SocketBuffer buffer(fd);
    thread screen(show, ref(buffer));
    ostream server(&buffer);
    string line;
    while (getline(cin, line) && server)
        server << line << '\n' << flush;

    {
        unique_lock guard(lock_all);
        input_over = static_cast<bool>(server); // otherwise the other thread is about to say why
        if (input_over) {
            shutdown(fd, SHUT_WR);
            heard = steady_clock::now();
            auto end = heard + 5s;
            while (!server_over && steady_clock::now() < min(end, heard + 1s))
                news.wait_until(guard, min(end, heard + 1s));
            shutdown(fd, SHUT_RDWR);
        }
    }
    screen.join();
    close(fd);
    return 0;
}
