// A file in shared memory, its name, and who holds it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "common/unique_fd.hpp"

namespace lab {

// The two who share a segment. Each holds its side for as long as it lives: a lock on one byte of
// the file that belongs to the open file itself (F_OFD_SETLK, see fcntl(2)). The kernel lets go of
// it when the process has ended in whatever way, SIGKILL included, and nobody has to trust a
// process id, which may belong to somebody else by now.
enum class Side : int { server = 0, client = 1 };

class SegmentFile {
  public:
    // A new file of `size` zero bytes, for this user alone (0600); nothing when the name is taken.
    // The memory is there from now on: a full /dev/shm is an exception here, and no SIGBUS later.
    static std::optional<SegmentFile> create(const std::string& name, std::size_t size);

    // The file of that name; nothing when there is none. Throws when it is another user's.
    static std::optional<SegmentFile> open(const std::string& name);

    int fd() const { return fd_.get(); }
    std::size_t size() const;

    // Takes our side, until this object is destroyed. False when somebody else holds it.
    [[nodiscard]] bool hold(Side side);

    // Does somebody else, who must then be alive, hold that side?
    bool held_by_another(Side side) const;

    // Does the name still lead to this file? Somebody may have removed it, or made another.
    bool has_its_name() const;

    // Takes the name away, if it is still this file's: only who has the file open can use it now,
    // and the memory is given back when the last one has closed it. For its server alone.
    void remove_name();

  private:
    SegmentFile(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

    UniqueFd fd_;
    std::string name_;
};

}  // namespace lab
