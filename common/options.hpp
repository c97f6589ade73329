// The command line, strictly: `[port]` for a server, `[host] [port]` for a client.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lab {

inline constexpr std::uint16_t kDefaultPort = 9034;

// The user called the program in a wrong way. what() is one or two lines for stderr: what is wrong,
// and how it is used. Programs end with status 2 (see run_main.hpp).
struct UsageError : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

struct ServerOptions {
    std::uint16_t port = kDefaultPort;
};

struct ClientOptions {
    std::string host = "localhost";
    std::uint16_t port = kDefaultPort;
};

// A number from 0 to 65535: not empty, no sign, nothing before or behind it. Throws UsageError.
std::uint16_t parse_port(std::string_view text);

// Both take main's arguments and throw UsageError for what does not fit.
ServerOptions parse_server_options(int argc, const char* const argv[]);
ClientOptions parse_client_options(int argc, const char* const argv[]);

}  // namespace lab
