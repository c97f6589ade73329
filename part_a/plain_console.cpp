// A keyboard and a screen that are pipes or files, or a terminal whose lines the kernel edits.
#include "part_a/plain_console.hpp"

#include <poll.h>

#include "common/descriptor_io.hpp"
#include "common/visible.hpp"

namespace lab {

std::string_view PlainConsole::read() {
    return {typed_.data(), read_some(keyboard_, typed_)};
}

bool PlainConsole::wait_until_writable(int socket) {
    pollfd waiting{.fd = socket, .events = POLLOUT, .revents = 0};
    ::poll(&waiting, 1, -1);
    return true;
}

bool PlainConsole::print(std::string_view bytes) {
    return screen_is_terminal_ ? write_all(screen_, visible(bytes)) : write_all(screen_, bytes);
}

}  // namespace lab
