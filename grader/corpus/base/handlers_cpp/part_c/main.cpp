#include "listen.hpp"
#include "proactor.h"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <pthread.h>

int main(int argc, char **argv) {
    const int port = port_argument(argc, argv);
    if (port < 0)
        return 2;
    const sigset_t stop = block_stop_signals();
    proactor_t *proactor = proactor_create(port);
    if (!proactor) {
        std::perror("listen");
        return 1;
    }
    pthread_t thread;
    if (int error = pthread_create(&thread, nullptr, proactor_thread, proactor); error != 0) {
        std::fprintf(stderr, "thread: %s\n", std::strerror(error));
        proactor_destroy(proactor);
        return 1;
    }
    std::printf("Listening on port: [%d] ...\n", proactor_port(proactor));
    std::fflush(stdout);

    int signal_number = 0;
    sigwait(&stop, &signal_number);
    proactor_stop(proactor);
    pthread_join(thread, nullptr);
    proactor_destroy(proactor);
    return 0;
}
