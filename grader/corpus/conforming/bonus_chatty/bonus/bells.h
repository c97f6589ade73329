// The semaphores: one System V set for a server and all of its clients. They live in the kernel, out of reach of stray bytes.
#pragma once

#include <chrono>
#include <optional>

enum class Got { Yes, Timeout, Removed };

class Bells {
 public:
  // Of the whole set, and of each seat.
  enum { kDoor, kServerLives, kFirstSeat };
  enum Of { Lives, Request, Reply, Mail, Room, kPerSeat };

  static Bells create(int seats);
  explicit Bells(int set) : id(set) {}
  void remove() const;

  static int number(int seat, Of which) { return kFirstSeat + seat * kPerSeat + which; }

  bool give(int number) const;
  Got take(int number, std::optional<std::chrono::milliseconds> patience = {}) const;

  // A life counts one as long as its process lives: the kernel takes it back.
  bool begin_life(int number) const;
  void end_life(int number) const;
  bool lives(int number) const;
  void wait_for_the_end_of(int number) const;

  void set(int number, int value) const;

  int id;
};
