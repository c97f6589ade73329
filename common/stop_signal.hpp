// SIGINT and SIGTERM as something main can wait for.
#pragma once

#include <csignal>

namespace lab {

// Construct it in main before the first thread: every thread inherits the blocked signals, so none
// is interrupted or killed by them, and one that comes early stays pending until wait(). There is
// no handler, hence nothing that a handler must not do.
class StopSignal {
  public:
    StopSignal();

    // Blocks until one of the signals has come; returns its number.
    int wait();

  private:
    sigset_t signals_;
};

}  // namespace lab
