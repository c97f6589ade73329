// Bounded bytes on their way to one client.
#include "common/outbox.hpp"

// BEGIN SOLUTION
#include <utility>

namespace lab {

bool Outbox::offer(std::string_view lines) {
    if (lines.size() > capacity_ - waiting_.size())
        return false;
    waiting_.append(lines);
    return true;
}

std::string Outbox::take() {
    return std::exchange(waiting_, {});
}

}  // namespace lab
// END SOLUTION
