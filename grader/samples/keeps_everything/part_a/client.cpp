// client.cpp: sends what you type, prints what the others say
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <netdb.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace std;
typedef chrono::steady_clock Clock;

int fd = -1;
atomic<bool> finished(false);        // nothing more to send
atomic<Clock::duration> lastMessage; // when something arrived

void fail(const string &why) {
    cerr << "client: " << why << endl;
    _exit(1);
}

void receiver() {
    char buffer[1024];
    ssize_t n;
    while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
        lastMessage = Clock::now().time_since_epoch();
        for (char *p = buffer; n > 0;) {
            ssize_t w = write(1, p, n);
            if (w < 0)
                _exit(1);
            p += w;
            n -= w;
        }
    }
    if (finished)
        _exit(0);
    fail("server disconnected");
}

void connectTo(const char *host, const char *port) {
    addrinfo hints, *result;
    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    int rc = getaddrinfo(host, port, &hints, &result);
    if (rc != 0)
        fail(string(host) + ": " + gai_strerror(rc));
    string why;
    for (addrinfo *a = result; a && fd < 0; a = a->ai_next) {
        int s = socket(a->ai_family, SOCK_STREAM, 0);
        if (connect(s, a->ai_addr, a->ai_addrlen) == 0) {
            fd = s;
        } else {
            why = strerror(errno);
            close(s);
        }
    }
    freeaddrinfo(result);
    if (fd < 0)
        fail("cannot connect: " + why);
}

int main(int argc, char *argv[]) {
    connectTo(argc > 1 ? argv[1] : "localhost", argc > 2 ? argv[2] : "9034");
    thread listening(receiver);
    string line;
    while (getline(cin, line)) {
        line += '\n';
        for (size_t done = 0; done < line.size();) {
            ssize_t n = send(fd, line.data() + done, line.size() - done, MSG_NOSIGNAL);
            if (n < 0)
                listening.join(); // it reports the end of the connection
            done += n;
        }
    }
    Clock::time_point start = Clock::now();
    lastMessage = start.time_since_epoch();
    finished = true;
    shutdown(fd, SHUT_WR);
    while (Clock::now() - start < chrono::seconds(5) &&
           Clock::now().time_since_epoch() - lastMessage.load() < chrono::seconds(1))
        this_thread::sleep_for(chrono::milliseconds(50));
    _exit(0);
}
