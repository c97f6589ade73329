// read(2) and write(2) for files, pipes and terminals, without their special cases.
#include "common/descriptor_io.hpp"

#include <unistd.h>

#include <cerrno>

namespace lab {

std::size_t read_some(int fd, std::span<char> buffer) {
    ssize_t count = 0;
    do
        count = ::read(fd, buffer.data(), buffer.size());
    while (count == -1 && errno == EINTR);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace lab
