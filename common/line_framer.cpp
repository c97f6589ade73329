// Bytes in, whole lines out.
#include "common/line_framer.hpp"

// BEGIN SOLUTION
namespace lab {

std::string_view LineFramer::push(std::string_view bytes) {
    if (overflowed_)
        return {};
    const std::size_t end = bytes.rfind('\n') + 1;  // 0 when there is none: npos + 1 == 0
    std::string_view run = bytes.substr(0, end);
    if (!run.empty() && !unfinished_.empty()) {
        joined_.assign(unfinished_).append(run);
        unfinished_.clear();
        run = joined_;
    }
    unfinished_.append(bytes.substr(end));
    run = stop_before_long_line(run);
    overflowed_ = overflowed_ || unfinished_.size() > max_line_;
    return run;
}

std::string_view LineFramer::finish() {
    if (overflowed_ || unfinished_.empty())
        return {};
    joined_.assign(unfinished_).push_back('\n');
    unfinished_.clear();
    return joined_;
}

std::string_view LineFramer::stop_before_long_line(std::string_view run) {
    if (run.size() <= max_line_)  // the common case: no line in it can be too long
        return run;
    for (std::size_t begin = 0; begin < run.size();) {
        const std::size_t end = run.find('\n', begin);
        if (end - begin > max_line_) {
            overflowed_ = true;
            return run.substr(0, begin);
        }
        begin = end + 1;
    }
    return run;
}

}  // namespace lab
// END SOLUTION
