// Chat server: one std::thread per client.
#include "chat_room.h"

#include <netinet/in.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <thread>

static ChatRoom room;

static void serve(int fd)
{
    std::string text;
    char buf[4096];
    for (ssize_t n; (n = recv(fd, buf, sizeof buf, 0)) > 0 && text.size() < (1 << 20);) {
        text.append(buf, n);
        if (auto end = text.rfind('\n'); end != std::string::npos) {
            room.post(std::string_view(text).substr(0, end + 1));
            text.erase(0, end + 1);
        }
    }
    room.remove(fd); // an unfinished line is dropped
    close(fd);
    std::fprintf(stderr, "[-] %d\n", fd);
}

static int listenOn(unsigned short port)
{
    sockaddr_in addr{};
    addr.sin_family = AF_INET;
    addr.sin_port = htons(port);
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, reinterpret_cast<sockaddr *>(&addr), sizeof addr) != 0 || listen(fd, 128) != 0) {
        std::perror("server");
        std::exit(1);
    }
    socklen_t len = sizeof addr;
    getsockname(fd, reinterpret_cast<sockaddr *>(&addr), &len);
    std::printf("Listening on port: [%d] ...\n", ntohs(addr.sin_port));
    std::fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    unsigned short port = 9034;
    if (argc > 1) {
        const char *end = argv[1] + std::strlen(argv[1]);
        auto [stopped, error] = std::from_chars(argv[1], end, port);
        if (argc > 2 || stopped != end || error != std::errc()) {
            std::fprintf(stderr, "usage: %s [port]\n", argv[0]);
            return 2;
        }
    }
    for (int sig : {SIGINT, SIGTERM})
        std::signal(sig, [](int) { _exit(0); });

    int listener = listenOn(port);
    for (;;) {
        int fd = accept(listener, nullptr, nullptr);
        if (fd < 0) {
            if (errno != EINTR && errno != ECONNABORTED)
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
            continue;
        }
        timeval timeout{2, 0};
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
        std::fprintf(stderr, "[+] %d\n", fd);
        room.add(fd);
        try {
            std::thread(serve, fd).detach();
        } catch (const std::system_error &) {
            room.remove(fd);
            close(fd);
        }
    }
}
