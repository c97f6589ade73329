// The chat server of Part A: one line in from a client, the same line out to all others.
// BEGIN SOLUTION
#include <csignal>
#include <string>
#include <thread>

#include "common/log.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/socket.hpp"
#include "common/stop_signal.hpp"
#include "part_a/chat_server.hpp"

int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        std::signal(SIGPIPE, SIG_IGN);  // whoever reads our log may go away
        lab::StopSignal stop_signal;
        const lab::ServerOptions options = lab::parse_server_options(argc, argv);
        lab::raise_descriptor_limit();
        const lab::UniqueFd listener = lab::listen_on(options.port);
        lab::log_line("Listening on port: [" + std::to_string(lab::local_port(listener.get())) +
                      "] ...");
        const std::jthread serving(
            [&](std::stop_token stop) { lab::run_chat_server(listener.get(), stop); });
        stop_signal.wait();
        return EXIT_SUCCESS;  // the jthread asks its thread to stop, and joins it
    });
}
// END SOLUTION
