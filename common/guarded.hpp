// Data that cannot be touched without its lock.
#pragma once

#include <mutex>
#include <utility>

namespace lab {

// Holds a T and the mutex that protects it. `guarded.lock()->size()` locks for one expression; a
// named guard, `auto members = guarded.lock();`, locks until the end of its scope.
template <class T>
class Guarded {
  public:
    class Guard {
      public:
        T* operator->() { return &value_; }
        T& operator*() { return value_; }

      private:
        friend Guarded;
        Guard(std::mutex& mutex, T& value) : lock_(mutex), value_(value) {}
        std::unique_lock<std::mutex> lock_;
        T& value_;
    };

    Guarded() = default;
    explicit Guarded(T value) : value_(std::move(value)) {}

    // Blocks until no other thread holds a guard. Not recursive.
    [[nodiscard]] Guard lock() { return Guard(mutex_, value_); }

  private:
    std::mutex mutex_;
    T value_{};
};

}  // namespace lab
