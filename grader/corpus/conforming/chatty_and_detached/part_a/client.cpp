// Chat client: a thread for the keyboard; main listens to the server.
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

using namespace std;
using Clock = chrono::steady_clock;

int server = -1;
atomic<bool> input_ended{false};

bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            data += n;
            size -= n;
        }
    }
    return true;
}

void keyboard()
{
    char buffer[4096];
    string rest;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        rest.append(buffer, n);
        size_t end = rest.rfind('\n');
        if (end == string::npos)
            continue;
        if (!write_all(server, rest.data(), end + 1))
            return; // the other thread sees it, too
        rest.erase(0, end + 1);
    }
    if (!rest.empty())
        write_all(server, (rest + "\n").data(), rest.size() + 1);
    input_ended = true;
    shutdown(server, SHUT_WR);
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "localhost";
    const char *port = argc > 2 ? argv[2] : "9034";
    if (argc > 3) {
        fprintf(stderr, "usage: %s [host] [port]\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct addrinfo hints = {}, *list;
    hints.ai_socktype = SOCK_STREAM;
    int error = getaddrinfo(host, port, &hints, &list);
    if (error) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
        return 1;
    }
    int reason = 0;
    for (struct addrinfo *a = list; a && server < 0; a = a->ai_next) {
        server = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (server >= 0 && connect(server, a->ai_addr, a->ai_addrlen) < 0) {
            reason = errno;
            close(server);
            server = -1;
        }
    }
    freeaddrinfo(list);
    if (server < 0) {
        fprintf(stderr, "cannot connect to %s port %s: %s\n", host, port, strerror(reason));
        return 1;
    }

    thread(keyboard).detach();

    // looks up twice a second, to see whether the keyboard has ended
    timeval half{0, 500000};
    setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &half, sizeof half);
    Clock::time_point end = Clock::time_point::max();
    int silent = 0;
    char buffer[4096];
    for (;;) {
        ssize_t n = recv(server, buffer, sizeof buffer, 0);
        if (input_ended && end == Clock::time_point::max())
            end = Clock::now() + chrono::seconds(5);
        if (n < 0 && errno == EAGAIN) {
            if (input_ended && ++silent > 2)
                _exit(0);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        silent = 0;
        if (!write_all(STDOUT_FILENO, buffer, n))
            _exit(1);
        if (Clock::now() >= end)
            _exit(0);
    }
    if (!input_ended) {
        fprintf(stderr, "the server has closed the connection\n");
        _exit(1);
    }
    _exit(0);
}
