// All calls of semop and semctl.
#include "bells.h"

#include <sys/ipc.h>
#include <sys/sem.h>

#include <cerrno>
#include <ctime>

namespace {
union Argument {
  int value;
  semid_ds* status;
  unsigned short* values;
};

sembuf operation(int number, int change, int flags = 0) {
  sembuf result{};
  result.sem_num = static_cast<unsigned short>(number);
  result.sem_op = static_cast<short>(change);
  result.sem_flg = static_cast<short>(flags);
  return result;
}
}  // namespace

Bells Bells::create(int seats) {
  return Bells(semget(IPC_PRIVATE, static_cast<int>(kFirstSeat) + seats * kPerSeat, IPC_CREAT | 0600));
}

void Bells::remove() const { semctl(id, 0, IPC_RMID); }

bool Bells::give(int number) const {
  sembuf op = operation(number, 1);
  int result;
  do result = semop(id, &op, 1);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

Got Bells::take(int number, std::optional<std::chrono::milliseconds> patience) const {
  using std::chrono::steady_clock;
  const auto until = steady_clock::now() + patience.value_or(std::chrono::milliseconds(0));
  sembuf op = operation(number, -1);
  for (;;) {
    int result;
    if (patience) {
      auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(until - steady_clock::now()).count();
      if (left < 0) left = 0;
      const timespec time{static_cast<time_t>(left / 1000000000), static_cast<long>(left % 1000000000)};
      result = semtimedop(id, &op, 1, &time);
    } else {
      result = semop(id, &op, 1);
    }
    if (result == 0) return Got::Yes;
    if (errno == EAGAIN) return Got::Timeout;
    if (errno != EINTR) return Got::Removed;
  }
}

bool Bells::begin_life(int number) const {
  sembuf ops[2] = {operation(number, 0, IPC_NOWAIT), operation(number, 1, SEM_UNDO)};
  return semop(id, ops, 2) == 0;
}

void Bells::end_life(int number) const {
  sembuf op = operation(number, -1, SEM_UNDO | IPC_NOWAIT);
  semop(id, &op, 1);
}

bool Bells::lives(int number) const { return semctl(id, number, GETVAL) > 0; }

void Bells::wait_for_the_end_of(int number) const {
  sembuf op = operation(number, 0);
  while (semop(id, &op, 1) != 0 && errno == EINTR) continue;
}

void Bells::set(int number, int value) const {
  Argument argument{};
  argument.value = value;
  semctl(id, number, SETVAL, argument);
}
