// Chat server: a thread per client, one table of who is there.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

constexpr int NOBODY = -1;

struct Table {
    std::array<int, 500> seats;
    std::mutex talking; // one line at a time

    Table() { seats.fill(NOBODY); }

    int sit_down(int fd) {
        auto seat = std::find(seats.begin(), seats.end(), NOBODY);
        if (seat == seats.end())
            return NOBODY;
        *seat = fd;
        return static_cast<int>(seat - seats.begin());
    }

    void get_up(int seat) { seats[seat] = NOBODY; }

    void say(const std::string& text, int speaker) {
        std::lock_guard lock(talking);
        for (int fd : seats)
            if (fd != NOBODY && fd != speaker)
                send_all(fd, text);
    }

private:
    static void send_all(int fd, const std::string& text) {
        for (size_t done = 0; done < text.size();) {
            ssize_t sent = send(fd, text.data() + done, text.size() - done, MSG_NOSIGNAL);
            if (sent <= 0)
                return;
            done += sent;
        }
    }
};

Table table;

void serve(int fd, int seat) {
    std::string text;
    char buffer[2048];
    ssize_t got;
    while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0 && text.size() < 1 << 20) {
        text.append(buffer, got);
        size_t end = text.rfind('\n') + 1;
        if (end == 0)
            continue;
        table.say(text.substr(0, end), fd);
        text.erase(0, end);
    }
    table.get_up(seat);
    table.say("somebody has left\n", fd); // when this is through, nobody sends to fd any more
    close(fd);
}

int open_listener(int port) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_port = htons(port);
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto address = reinterpret_cast<sockaddr*>(&here);
    if (bind(fd, address, size) < 0 || listen(fd, 100) < 0) {
        perror("cannot listen");
        exit(1);
    }
    getsockname(fd, address, &size);
    printf("Listening on port: [%d]\n", ntohs(here.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char** argv) {
    std::string word = argc > 1 ? argv[1] : "9034";
    bool number = !word.empty() && word.size() < 6 && word.find_first_not_of("0123456789") == std::string::npos;
    if (argc > 2 || !number || std::stoi(word) > 65535) {
        fprintf(stderr, "usage: server [port]\n");
        return 2;
    }
    for (int sig : {SIGINT, SIGTERM})
        signal(sig, [](int) { _exit(0); });
    int listener = open_listener(std::stoi(word));
    for (;;) {
        int fd = accept(listener, nullptr, nullptr);
        if (fd < 0)
            continue;
        timeval patience{1, 0};
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (int seat = table.sit_down(fd); seat != NOBODY)
            std::thread(serve, fd, seat).detach();
        else
            close(fd);
    }
}
