// A shared file in this process's memory, which survives when somebody cuts the file short.
#pragma once

#include <atomic>
#include <cstddef>

namespace lab {

// Whoever can open a file can also shrink it: a touch of a page behind its new end is then a
// SIGBUS, in our process, for what another one has done. Where the bonus touches shared memory, it
// watches: the handler puts empty pages of our own in the place of the whole mapping, marks it as
// broken, and the touch goes on. Whoever watches asks broken() before it believes what it has read.
class Mapping {
  public:
    // Maps the first `size` bytes of `fd`; throws std::system_error. The file may be closed.
    Mapping(int fd, std::size_t size);
    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    std::byte* data() const { return data_; }

    // Was the file cut short? What is read here no longer comes from the other side.
    bool broken() const { return broken_; }

    // In its scope, this thread may touch the mapping. Several may be in force at once.
    class Watch {
      public:
        explicit Watch(Mapping& mapping);
        ~Watch();
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

      private:
        friend Mapping;
        Mapping& mapping_;
        Watch* const outer_;
    };

    // Once, in main, before the first Watch. The handler is the process's; a SIGBUS of any other
    // origin ends the program, as always.
    static void handle_bus_errors();

  private:
    static void on_bus_error(int signal, void* address) noexcept;
    bool replace_if_it_has(const void* address) noexcept;

    std::byte* data_ = nullptr;
    const std::size_t size_;
    std::atomic<bool> broken_ = false;
};

}  // namespace lab
