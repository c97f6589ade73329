#include "proactor.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <pthread.h>
#include <semaphore.h>
#include <string>

namespace {

sem_t bell;

extern "C" void on_signal(int)
{
    const int saved = errno;
    sem_post(&bell);
    errno = saved;
}

// 9034 without an argument; -1 for what is no port.
int wanted_port(int argc, char **argv)
{
    if (argc < 2)
        return 9034;
    const std::string text = argv[1];
    if (argc > 2 || text.empty() || text.find_first_not_of("0123456789") != text.npos)
        return -1;
    const size_t first = text.find_first_not_of('0');
    if (first == text.npos)
        return 0;
    if (text.size() - first > 5)
        return -1;
    const int port = std::stoi(text);
    return port > 65535 ? -1 : port;
}

void catch_signal(int number, void (*handler)(int))
{
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr); // no SA_RESTART: everything here stands EINTR
}

} // namespace

int main(int argc, char **argv)
{
    const int port = wanted_port(argc, argv);
    if (port < 0) {
        std::cerr << "usage: " << (argc ? argv[0] : "main") << " [port]" << std::endl;
        return 2;
    }
    sem_init(&bell, 0, 0);
    catch_signal(SIGINT, on_signal);
    catch_signal(SIGTERM, on_signal);
    catch_signal(SIGPIPE, SIG_IGN);
    std::cout << "t=0 event=start reactors=4" << std::endl;

    proactor_t *room = proactor_create(port);
    if (!room) {
        std::cerr << "port " << port << ": " << std::strerror(errno) << std::endl;
        return 1;
    }
    pthread_t thread;
    if (const int error = pthread_create(&thread, nullptr, proactor_thread, room)) {
        std::cerr << "thread: " << std::strerror(error) << std::endl;
        proactor_destroy(room);
        return 1;
    }
    std::cout << "Listening on port: [" << proactor_port(room) << "]" << std::endl;
    while (sem_wait(&bell) < 0 && errno == EINTR) {
    }
    proactor_stop(room);
    pthread_join(thread, nullptr);
    proactor_destroy(room);
    std::cout << "event=end" << std::endl;
    return 0;
}
