// The seam to the kernel: operations go in, completions come out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lab {

using OperationId = std::uint64_t;

// Something that the kernel is asked to do, named by an id that whoever submits it never uses
// again. One descriptor can have one send and one of the other kinds under way at the same time.
struct Operation {
    enum class Kind {
        accept,    // stands: one completion for each connection, its result the new descriptor
        receive,   // stands: one completion for each piece of data; result 0 is end-of-file
        send,      // once: result is how many of `bytes` were taken, at least one
        readable,  // once: data, end-of-file or a connection is there, and stays there
    };

    OperationId id;
    Kind kind;
    int fd;                       // borrowed; stays open until the operation's last completion
    std::string_view bytes = {};  // of a send; borrowed until its completion
};

// What has become of an operation.
struct Completion {
    OperationId id;
    int result;                  // the system call's own result (>= 0), or -errno
    std::string_view data = {};  // received bytes: in memory of the source until the next wait()
    bool more = false;           // the operation still stands, and further completions will follow
};

// Performs operations and reports their completions: POSA2's asynchronous operation processor and
// completion event queue in one. All calls but wake() belong to one thread, the loop's.
class CompletionSource {
  public:
    virtual ~CompletionSource() = default;

    // Starts an operation and returns at once. What goes wrong is reported by its completion.
    virtual void submit(const Operation& operation) = 0;

    // Final: each operation under way on `fd` completes with -ECANCELED in the next wait(), or with
    // what it came to just before. When it has, the descriptor can be closed. Without operations
    // on `fd`, nothing happens.
    virtual void cancel(int fd) = 0;

    // Blocks until there is something to report, a wake() or the end of `patience`; without
    // `patience`, for as long as it takes. What it returns is valid until the next wait(), and is
    // empty after a wake() or a signal.
    virtual std::span<const Completion> wait(std::optional<std::chrono::milliseconds> patience) = 0;

    // From any thread: ends the wait() that runs, or else the next one.
    virtual void wake() noexcept = 0;
};

}  // namespace lab
