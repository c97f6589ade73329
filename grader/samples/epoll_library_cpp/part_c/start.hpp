// start.hpp - what both servers do when they start: the command line, and the signals that end them.
#pragma once

#include <signal.h>

#include <cstdlib>
#include <iostream>
#include <string>

inline int port_from(int argc, char *argv[]) {
    std::string text = argc > 1 ? argv[1] : "9034";
    bool number = !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos;
    if (argc > 2 || !number || std::stoi(text) > 65535) {
        std::cerr << "usage: " << argv[0] << " [port]\n";
        std::exit(2);
    }
    return std::stoi(text);
}

// Before the first thread: all threads inherit the mask.
inline sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return set;
}
