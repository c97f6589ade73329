// The shared memory: a connect segment with seats, and a segment for each client with his requests and his inbox.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cstdint>
#include <string>

constexpr std::uint32_t kMagic = 0x63686174;
constexpr int kSeats = 150;
constexpr std::size_t kLongestName = 31;
constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kLongestReply = 10000;
constexpr unsigned kInboxSize = 16;

enum SeatState : std::uint32_t { kFree, kAsking, kRefused, kTaken };
enum RequestKind : std::uint32_t { kSend = 1, kList = 2, kUnregister = 3 };
enum LetterKind : std::uint32_t { kMessage = 1, kGoodbye = 2 };

struct Seat {
  std::atomic<std::uint32_t> state;
  std::uint32_t name_length;
  char name[64];
  std::uint32_t key;
  char reason[160];
};

struct ConnectSegment {
  std::atomic<std::uint32_t> magic;
  std::int32_t bells;
  std::int32_t server_pid;
  Seat seats[kSeats];
};

struct Letter {
  std::uint32_t kind, length;
  char from[kLongestName + 1];
  char text[kLongestText];
};

// Who may touch what, and when, is told by the bells alone.
struct CommSegment {
  std::atomic<std::uint32_t> kind, key, length;
  char text[kLongestText];
  std::uint32_t good, reply_length;
  char reply[kLongestReply];
  Letter inbox[kInboxSize];
};

inline bool is_name(const std::string& name) {
  if (name.empty() || name.size() > kLongestName) return false;
  for (const unsigned char c : name)
    if (c > 126 || (!std::isalnum(c) && c != '_' && c != '-')) return false;
  return true;
}

inline std::string connect_name(const std::string& channel) { return "/chatty." + channel; }
inline std::string comm_name(const std::string& channel, std::uint32_t key) {
  return "/chatty." + channel + "." + std::to_string(key);
}

template <typename T>
T* map_segment(int fd) {
  void* const at = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return at == MAP_FAILED ? nullptr : static_cast<T*>(at);
}
