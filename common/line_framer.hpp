// Bytes in, whole lines out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lab {

// Turns a stream of bytes, cut anywhere, into runs of whole lines: how the bytes were cut never
// changes the lines. One per connection, used by its reader only. Keeps at most about two lines of
// the maximal length in memory.
class LineFramer {
  public:
    // `max_line` in bytes, '\n' not counted.
    explicit LineFramer(std::size_t max_line) : max_line_(max_line) {}

    // Takes in `bytes` and returns all lines that are whole now, each with its '\n', as one run;
    // empty when there is none. The run lies in `bytes` or in the framer: it is valid until the
    // next call, and as long as `bytes` is.
    std::string_view push(std::string_view bytes);

    // A line was longer than max_line. The lines before it have been returned; it and all that
    // follows is dropped.
    bool overflowed() const { return overflowed_; }

    // At the end of the stream: the unfinished last line with a '\n' added, or empty.
    std::string_view finish();

  private:
    std::size_t max_line_;
    bool overflowed_ = false;
    // BEGIN SOLUTION
    std::string unfinished_;  // has no '\n'
    std::string joined_;      // the last run, when it began in an earlier push

    std::string_view stop_before_long_line(std::string_view run);
    // END SOLUTION
};

}  // namespace lab
