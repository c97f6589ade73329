// The chat server: main [port]. The main thread runs the proactor, another one waits for Ctrl-C.
#include "proactor.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string_view>
#include <system_error>
#include <thread>

namespace {

bool parse(std::string_view text, int &port)
{
    unsigned value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > 65535)
        return false;
    port = static_cast<int>(value);
    return true;
}

}

int main(int argc, char **argv)
{
    int port = 9034;
    if (argc > 2 || (argc == 2 && !parse(argv[1], port))) {
        std::cerr << "usage: main [port]\n";
        return 2;
    }

    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    proactor_t *p = proactor_create(port);
    if (!p) {
        std::cerr << "cannot listen on port " << port << ": " << std::strerror(errno) << "\n";
        return 1;
    }
    try {
        std::thread waiter([p, &signals] {
            int which = 0;
            sigwait(&signals, &which);
            proactor_stop(p);
        });
        std::cout << "Listening on port: [" << proactor_port(p) << "] ..." << std::endl;
        proactor_thread(p);
        waiter.join();
    } catch (const std::system_error &problem) {
        std::cerr << "no thread: " << problem.what() << "\n";
        proactor_destroy(p);
        return 1;
    }
    proactor_destroy(p);
    return 0;
}
