// The chat server of Part C: libproactor serves the clients, this program says what is relayed.
// BEGIN SOLUTION
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>

#include "common/log.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/socket.hpp"
#include "common/stop_signal.hpp"
#include "part_b/proactor.h"
#include "part_c/event_log.hpp"

namespace {

std::string name_of(proactor_client_t client) {
    return "client " + std::to_string(client);
}

EventLog& log_in(void* context) {
    return *static_cast<EventLog*>(context);
}

void on_joined(proactor_t*, proactor_client_t client, void* context) {
    log_in(context).joined(name_of(client));
}

// The whole chat: what one says, all others hear.  // LAB: the-chat
void on_line(proactor_t* proactor, proactor_client_t client, const char* line, size_t length,
             void* context) {
    proactor_broadcast(proactor, client, line, length);
    log_in(context).said(name_of(client), {line, length});
}

void on_left(proactor_t*, proactor_client_t client, void* context) {
    log_in(context).left(name_of(client));
}

constexpr proactor_callbacks_t kCallbacks{on_joined, on_line, on_left};

int serve(std::uint16_t port) {
    lab::StopSignal stop_signal;
    lab::raise_descriptor_limit();
    const std::string step = "cannot listen on port " + std::to_string(port);
    proactor_t* const proactor = proactor_create(port);
    if (!proactor)
        throw std::system_error(errno, std::generic_category(), step);
    lab::log_line("Listening on port: [" + std::to_string(proactor_port(proactor)) + "] ...");
    EventLog event_log;
    proactor_set_callbacks(proactor, &kCallbacks, &event_log);
    std::jthread serving(proactor_thread, proactor);
    stop_signal.wait();
    // The signal may have come before the thread got to work: a stop is remembered, and the join
    // makes sure that nobody still needs what is destroyed.  // LAB: stop-join-destroy
    proactor_stop(proactor);
    serving.join();
    proactor_destroy(proactor);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        std::signal(SIGPIPE, SIG_IGN);  // whoever reads our log may go away
        return serve(lab::parse_server_options(argc, argv).port);
    });
}
// END SOLUTION
