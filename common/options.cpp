// The command line, strictly: `[port]` for a server, `[host] [port]` for a client.
#include "common/options.hpp"

#include <charconv>

namespace lab {
namespace {

// Runs `parse`; a complaint gets the usage as its second line.
template <class Parse>
auto with_usage(const char* const argv[], std::string_view arguments, Parse parse) {
    try {
        return parse();
    } catch (const UsageError& error) {
        const std::string program = argv[0] != nullptr ? argv[0] : "program";
        throw UsageError(error.what() + ("\nusage: " + program + " ") + std::string(arguments));
    }
}

void at_most(int expected, int argc) {
    if (argc - 1 > expected)
        throw UsageError("too many arguments");
}

}  // namespace

std::uint16_t parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc() || rest != end)
        throw UsageError("the port is a number from 0 to 65535, not '" + std::string(text) + "'");
    return port;
}

ServerOptions parse_server_options(int argc, const char* const argv[]) {
    return with_usage(argv, "[port]", [&] {
        at_most(1, argc);
        ServerOptions options;
        if (argc > 1)
            options.port = parse_port(argv[1]);
        return options;
    });
}

ClientOptions parse_client_options(int argc, const char* const argv[]) {
    return with_usage(argv, "[host] [port]", [&] {
        at_most(2, argc);
        ClientOptions options;
        if (argc > 1)
            options.host = argv[1];
        if (argc > 2)
            options.port = parse_port(argv[2]);
        return options;
    });
}

}  // namespace lab
