// One line per event, on stdout, at once.
#include "common/log.hpp"

#include <unistd.h>

#include <string>

namespace lab {

void log_line(std::string_view line) {
    const std::string whole = std::string(line) + '\n';
    [[maybe_unused]] const auto ignored = ::write(STDOUT_FILENO, whole.data(), whole.size());
}

}  // namespace lab
