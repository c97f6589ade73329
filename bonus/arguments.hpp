// The command lines of the bonus: `server [channel-name]`, `client [--channel channel-name]
// [name]`.
#pragma once

#include <optional>
#include <string>

namespace lab {

// What both programs use when nobody says otherwise.
inline constexpr const char* kDefaultChannel = "lab";

// Both take main's arguments and throw UsageError (common/options.hpp) for what does not fit. A
// channel is called as names.hpp allows. Whether a client may have its name is for the server to
// say; nothing is there when the user is to be asked.
std::string parse_server_arguments(int argc, const char* const argv[]);

struct ClientArguments {
    std::string channel = kDefaultChannel;
    std::optional<std::string> name;
};
ClientArguments parse_client_arguments(int argc, const char* const argv[]);

}  // namespace lab
