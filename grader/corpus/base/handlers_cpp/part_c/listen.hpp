// What both programs need before they can start: the port, the signals.
#ifndef LISTEN_HPP
#define LISTEN_HPP

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

// The port that was asked for, 9034 without an argument; -1 after a usage message.
inline int port_argument(int argc, char **argv) {
    int port = 9034;
    bool good = argc <= 2;
    if (good && argc == 2) {
        const char *end = argv[1] + std::strlen(argv[1]);
        const auto [stop, error] = std::from_chars(argv[1], end, port);
        good = error == std::errc() && stop == end && argv[1][0] != '-' && port <= 65535;
    }
    if (good)
        return port;
    std::fprintf(stderr, "usage: %s [port]\n", argc > 0 ? argv[0] : "server");
    return -1;
}

// SIGINT and SIGTERM wait for sigwait in main; no other thread is interrupted by them.
inline sigset_t block_stop_signals() {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, nullptr);
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGPIPE, SIG_IGN);
    return stop;
}

#endif
