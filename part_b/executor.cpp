// Where a handler runs that may block: on a thread of its own.
#include "part_b/executor.hpp"

// BEGIN SOLUTION
#include <system_error>
#include <utility>

namespace lab {

bool ThreadExecutor::execute(Task work, Task afterwards) {
    const auto thread = threads_.emplace(threads_.end());
    // The thread's last act is to ask for its own join: nobody has to look for dead threads, and
    // none is left over when the loop has nothing else to do.  // LAB: last-act
    auto body = [this, thread, work = std::move(work), afterwards = std::move(afterwards)] {
        work();
        post_([this, thread, afterwards] {
            threads_.erase(thread);  // joins
            afterwards();
        });
    };
    try {
        *thread = std::jthread(std::move(body));
        return true;
    } catch (const std::system_error&) {  // EAGAIN: the limit of threads or of memory
        threads_.erase(thread);
        return false;
    }
}

}  // namespace lab
// END SOLUTION
