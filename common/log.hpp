// One line per event, on stdout, at once.
#pragma once

#include <string_view>

namespace lab {

// Writes `line` and a '\n' in one write(2): lines of different threads never mix, and nothing is
// left in a buffer when stdout is a pipe. Any thread; blocks only when stdout does. A log that
// nobody can read any more is no reason to stop: errors are ignored.
void log_line(std::string_view line);

}  // namespace lab
