// The server of the bonus: gives names to clients, and passes on what they write to each other.
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "bonus/arguments.hpp"
#include "bonus/connect_channel.hpp"
#include "bonus/mapping.hpp"
#include "bonus/reception.hpp"
#include "common/log.hpp"
#include "common/run_main.hpp"
#include "common/stop_signal.hpp"

int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        std::signal(SIGPIPE, SIG_IGN);  // whoever reads our log may go away
        lab::StopSignal stop_signal;
        const std::string channel = lab::parse_server_arguments(argc, argv);
        lab::Mapping::handle_bus_errors();
        lab::ConnectChannel connect_channel(channel);
        lab::Reception reception(channel);
        const std::jthread serving([&](const std::stop_token& stop) {
            connect_channel.serve(stop,
                                  [&](const std::string& name) { return reception.admit(name); });
        });
        lab::log_line("Listening on channel: [" + channel + "]");
        stop_signal.wait();
        return EXIT_SUCCESS;  // in this order: no newcomers, no workers, no name in /dev/shm
    });
}
