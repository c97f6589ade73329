// Layout of the shared memory, and the helpers that both programs use.
#pragma once

#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

constexpr uint32_t kMagic = 0x53454d32;
constexpr size_t kSeats = 256;
constexpr size_t kNameMax = 31;
constexpr size_t kTextMax = 4096;
constexpr size_t kReplyMax = 12 * 1024;
constexpr uint64_t kRing = 64 * 1024;
constexpr auto kTick = std::chrono::milliseconds(400);

using Clock = std::chrono::steady_clock;

enum State : uint32_t { Free, Asking, Refused, Accepted };
enum Action : uint32_t { Send = 1, List, Unregister };

// The semaphores only wake: what is to be done is seen in the data, so a token too many or too few does no harm.
struct Seat {
  std::atomic<uint32_t> state;
  sem_t request, reply, mail, space;
  uint32_t name_size;
  char name[64];
  uint32_t key;
  char reason[96];
};

struct Connect {
  std::atomic<uint32_t> magic;
  sem_t door;
  Seat seats[kSeats];
};

struct Comm {
  std::atomic<uint32_t> asked;  // number of the request, by the client
  uint32_t action, key, size;
  char text[kTextMax];
  std::atomic<uint32_t> answered;  // number of the request that the reply is for, by the server
  uint32_t good, reply_size;
  char reply[kReplyMax];
  std::atomic<uint64_t> written, taken;
  std::atomic<uint32_t> closed;
  char ring[kRing];
};

struct MailHead {
  uint32_t size;
  char from[kNameMax + 1];
};

static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

inline bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == name.npos;
}

inline std::string connect_path(const std::string& channel) { return "/semlab." + channel; }
inline std::string comm_path(const std::string& channel, uint32_t key) {
  return connect_path(channel) + "." + std::to_string(key);
}

// Byte 0 of the connect file is locked by the server, byte 1 + i by the client on seat i, as long as they live.
inline struct flock byte_lock(short type, off_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

inline bool take_byte(int fd, off_t byte) {
  struct flock lock = byte_lock(F_WRLCK, byte);
  return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

inline void give_byte(int fd, off_t byte) {
  struct flock lock = byte_lock(F_UNLCK, byte);
  fcntl(fd, F_OFD_SETLK, &lock);
}

inline bool byte_is_taken(int fd, off_t byte) {
  struct flock lock = byte_lock(F_WRLCK, byte);
  return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

// False when the time is over. Woken early by a signal counts as woken.
inline bool sem_wait_until(sem_t& sem, Clock::time_point until) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch()).count();
  const timespec at{static_cast<time_t>(ns / 1000000000), static_cast<long>(ns % 1000000000)};
  return sem_clockwait(&sem, CLOCK_MONOTONIC, &at) == 0 || errno != ETIMEDOUT;
}

inline void ring_copy_in(char* ring, uint64_t at, const void* from, size_t size) {
  const size_t first = std::min<size_t>(size, kRing - at % kRing);
  memcpy(ring + at % kRing, from, first);
  memcpy(ring, static_cast<const char*>(from) + first, size - first);
}

inline void ring_copy_out(void* to, const char* ring, uint64_t at, size_t size) {
  const size_t first = std::min<size_t>(size, kRing - at % kRing);
  memcpy(to, ring + at % kRing, first);
  memcpy(static_cast<char*>(to) + first, ring, size - first);
}
