// System calls that throw: the call's name and the kernel's reason in one exception.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace lab {

// Returns `result`, or throws std::system_error(errno) when it is -1. `what` names the step in the
// words a user understands: `checked(::listen(fd, 4096), "listen")` fails as "listen: <reason>".
template <class Result>
Result checked(Result result, std::string_view what) {
    if (result == -1)
        throw std::system_error(errno, std::generic_category(), std::string(what));
    return result;
}

}  // namespace lab
