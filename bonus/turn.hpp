// Whose turn it is on the connect channel: a lock that outlives whoever dies with it.
#pragma once

#include <pthread.h>

#include <chrono>

namespace lab {

// Makes the mutex, in shared memory, one of several processes (PTHREAD_PROCESS_SHARED), and robust:
// when a thread ends that holds it, the kernel says so to the next one. Throws std::system_error.
void make_turn(pthread_mutex_t& mutex);

// In its scope it is our turn. The clients' affair alone: the server takes no lock that a client
// could die with, or keep.
class Turn {
  public:
    // Waits for `patience` at most. Throws std::system_error when it is still somebody else's turn,
    // or when the mutex is no mutex any more.
    Turn(pthread_mutex_t& mutex, std::chrono::milliseconds patience);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    // Did the one before us die in his turn? What he was at is then left as it was.
    bool inherited() const { return inherited_; }

  private:
    pthread_mutex_t& mutex_;
    bool inherited_ = false;
};

}  // namespace lab
