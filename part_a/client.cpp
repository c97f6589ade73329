// The chat client of Part A: what is typed goes to the server, what comes back goes to the screen.
// BEGIN SOLUTION
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/socket.hpp"
#include "part_a/chat_client.hpp"
#include "part_a/console.hpp"

namespace {

int report(lab::ChatClient::Outcome outcome) {
    switch (outcome) {
        case lab::ChatClient::Outcome::done:
            return EXIT_SUCCESS;
        case lab::ChatClient::Outcome::server_gone:
            std::cerr << "the server has closed the connection\n";
            break;
        case lab::ChatClient::Outcome::line_too_long:
            std::cerr << "a line of more than 1 MiB cannot be sent\n";
            break;
        case lab::ChatClient::Outcome::screen_gone:
            std::cerr << "cannot write to stdout\n";
            break;
    }
    return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char* argv[]) {
    return lab::run_main([&]() -> int {
        const lab::ClientOptions options = lab::parse_client_options(argc, argv);
        const lab::UniqueFd socket = lab::connect_to(options.host, options.port);
        const auto console = lab::open_console(STDIN_FILENO, STDOUT_FILENO);
        lab::ChatClient client(socket.get(), *console);
        const lab::ChatClient::Outcome outcome = client.wait();
        console->finish();  // LAB: terminal-in-order
        const int status = report(outcome);
        // A thread may be blocked in a read from the keyboard: only the process's end ends it.
        std::_Exit(status);  // LAB: leave-reader-behind
    });
}
// END SOLUTION
