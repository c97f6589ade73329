// The server of the bonus as a child, its log thrown away.
#include "bench/bonus_server.hpp"

#include <fcntl.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "bonus/client_channel.hpp"
#include "common/unique_fd.hpp"

namespace lab::bench {

Forked start_bonus_server(const std::string& program, const std::string& channel) {
    Forked server([&] {
        const UniqueFd nowhere(checked(::open("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/null"));
        ::dup2(nowhere.get(), STDOUT_FILENO);
        ::execl(program.c_str(), program.c_str(), channel.c_str(), nullptr);
        checked(-1, "start " + program);
    });
    for (int tries = 0;; ++tries) {
        try {
            request_name(channel, "");  // refused, but answered
            return server;
        } catch (const std::runtime_error&) {
            if (tries == 5000)
                throw;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
}

}  // namespace lab::bench
