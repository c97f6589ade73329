// SIGINT and SIGTERM as something main can wait for.
#include "common/stop_signal.hpp"

#include <pthread.h>

namespace lab {

StopSignal::StopSignal() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int StopSignal::wait() {
    int signal = 0;
    ::sigwait(&signals_, &signal);
    return signal;
}

}  // namespace lab
