// Completions made out of readiness: epoll(7) says when, the source then does the work itself.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "common/unique_fd.hpp"
#include "part_b/completion_source.hpp"

namespace lab {

class EpollSource : public CompletionSource {
  public:
    EpollSource();  // throws std::system_error when there are no descriptors left

    void submit(const Operation& operation) override;
    void cancel(int fd) override;
    std::span<const Completion> wait(std::optional<std::chrono::milliseconds> patience) override;
    void wake() noexcept override;

  private:
    // BEGIN SOLUTION
    // What is under way on one descriptor, and what the kernel has been told about it.
    struct Interest {
        std::optional<Operation> input;   // accept, receive or readable
        std::optional<Operation> output;  // a send that has to wait for room
        std::uint32_t events = 0;         // as registered with epoll; 0: not registered
        std::uint32_t serial = 0;         // tells this interest from an earlier one in that number
    };

    void start_send(const Operation& operation);
    void update_registration(int fd, Interest& interest);
    void dispatch(std::uint32_t events, int fd, std::uint32_t serial);
    void do_input(Interest& interest);
    void do_accept(Interest& interest);
    void do_receive(Interest& interest);
    void do_output(Interest& interest);
    void report_end(std::optional<Operation>& operation, int result);

    UniqueFd epoll_;
    UniqueFd wake_;  // an eventfd
    std::unordered_map<int, Interest> interests_;
    std::uint32_t last_serial_ = 0;
    std::vector<Completion> ready_;     // for the next wait() to report
    std::vector<Completion> reported_;  // by the last wait()
    std::unique_ptr<char[]> arena_;     // received bytes of one round
    std::size_t arena_used_ = 0;
    // END SOLUTION
};

}  // namespace lab
