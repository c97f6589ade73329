// What lies in the shared memory. Only numbers and bytes, every word that somebody waits for is a futex.
#pragma once

#include <string>
#include <string_view>

#include "futex.hpp"

namespace protocol {

constexpr uint32_t kMagic = 0xf07e5107;
constexpr size_t kDesks = 32;
constexpr uint32_t kNobody = UINT32_MAX;  // an owner, while a desk is cleared
constexpr size_t kSlots = 16;
constexpr size_t kNameMax = 31;
constexpr size_t kTextMax = 4096;
constexpr size_t kListMax = 32 * 1024;

// A desk is claimed by owner 0 -> pid, used for one question, and given back.
struct Desk {
  enum : uint32_t { Idle, Question, Welcome, Refusal };
  Word owner;
  Word state;
  std::atomic<uint64_t> owner_start;
  Word size;
  char name[64];
  Word key;
  char reason[100];
};

struct Connect {
  Word magic;
  Word server;
  std::atomic<uint64_t> server_start;
  Word door;        // counts the questions
  Word desk_given;  // counts desks that were given back
  Desk desks[kDesks];
};

enum class Action : uint32_t { Send = 1, List, Unregister };

struct Call {
  enum : uint32_t { Idle, Request, Reply, Abandoned };
  Word state;
  Word action, key, size;
  char text[kTextMax];
  Word good, answer_size;
  char answer[kListMax];
};

struct Slot {
  Word full;
  Word size;
  char from[kNameMax + 1];
  char text[kTextMax];
};

struct Comm {
  Call call;
  Word bell;  // counts whatever is new in the slots
  Word closed;
  Slot slots[kSlots];
};

inline bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (name.empty() || name.size() > kNameMax) return false;
  for (const char c : name)
    if (!allowed(c)) return false;
  return true;
}

inline std::string connect_path(const std::string& channel) { return "/futexchat." + channel; }

inline std::string comm_path(const std::string& channel, uint32_t key) {
  return connect_path(channel) + "." + std::to_string(key);
}

}  // namespace protocol
