// main.cpp - the chat server on libproactor.
#include <pthread.h>

#include <cstdio>

#include "proactor.h"
#include "start.hpp"

int main(int argc, char *argv[]) {
    int port = port_from(argc, argv);
    sigset_t signals = block_signals();
    proactor_t *proactor = proactor_create(port);
    if (!proactor) {
        std::perror(argv[0]);
        return 1;
    }
    std::cout << "Listening on port: [" << proactor_port(proactor) << "] ..." << std::endl;
    pthread_t thread;
    if (pthread_create(&thread, nullptr, proactor_thread, proactor) != 0) return 1;
    int signal;
    sigwait(&signals, &signal);
    proactor_destroy(proactor);
    pthread_join(thread, nullptr);
    return 0;
}
