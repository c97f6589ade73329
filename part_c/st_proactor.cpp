// The same chat server on the handler API: what runs when a client has something to say.
// BEGIN SOLUTION
#include "part_b/st_proactor.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "common/error.hpp"
#include "common/guarded.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "common/room.hpp"
#include "common/run_main.hpp"
#include "common/socket.hpp"
#include "common/stop_signal.hpp"
#include "part_c/client.hpp"
#include "part_c/event_log.hpp"

namespace {

constexpr std::size_t kReadSize = std::size_t{64} << 10;
constexpr std::chrono::milliseconds kRest{100};

// All clients, and what their handlers do. The proactor sees to it that a client has one handler at
// a time; those of different clients run side by side.
class Chat {
  public:
    // The listener's handler.
    void accept(void* proactor, int listener) {
        lab::Accepted accepted = lab::accept_from(listener);
        if (accepted.socket)
            return admit(proactor, std::move(accepted.socket));
        if (accepted.outcome == lab::Accepted::Outcome::exhausted)
            rest("cannot accept for now", accepted.error);
    }

    // A client's handler.
    void serve(void* proactor, int fd) {
        std::array<char, kReadSize> buffer;
        Client& client = clients_.lock()->at(fd);
        const std::string_view lines = client.read(buffer);
        room_.broadcast(client, lines);  // LAB: whole-runs
        log_.said(client.name(), lines);
        if (!client.ended())
            return;
        removeHandler(proactor, fd);
        room_.leave(client);
        if (const std::string complaint = client.complaint(); !complaint.empty())
            lab::log_line(client.name() + " was disconnected: " + complaint);
        log_.left(client.name());
        client.say_farewell();
        forget(fd);
    }

    void hang_up() {
        auto clients = clients_.lock();
        for (auto& [fd, client] : *clients)
            client.hang_up();
    }

  private:
    void admit(void* proactor, lab::UniqueFd socket);

    // Says so, the first time, and rests: the listener stays readable, and would be reported again
    // at once.  // LAB: rest
    void rest(const std::string& what, int error) {
        if (!std::exchange(starved_, true))
            lab::log_line(what + ": " + std::generic_category().message(error));
        std::this_thread::sleep_for(kRest);
    }

    // Closes the descriptor: its handler has been removed, and its last one ends here.
    void forget(int fd) {
        const auto node = clients_.lock()->extract(fd);  // LAB: close-last
    }  // the client is destroyed here, without the lock: that joins its writer

    EventLog log_;
    lab::Room room_;
    lab::Guarded<std::unordered_map<int, Client>> clients_;
    int admitted_ = 0;  // both: by the listener's handler only
    bool starved_ = false;
};

// A handler is told the proactor and the descriptor, nothing else: what it works on is global.
Chat* chat = nullptr;

void accept_client(void* proactor, int listener) {
    chat->accept(proactor, listener);
}

void serve_client(void* proactor, int fd) {
    chat->serve(proactor, fd);
}

void Chat::admit(void* proactor, lab::UniqueFd socket) {
    const int fd = socket.get();
    const std::string name = "client " + std::to_string(++admitted_);
    Client& client = clients_.lock()->try_emplace(fd, std::move(socket), name).first->second;
    try {
        client.start_writer();
        room_.join(client);  // before its handler can run: it hears all that is said from now on
        log_.joined(name);
        lab::checked(addFD2Proactor(proactor, fd, serve_client), "addFD2Proactor");
        starved_ = false;
    } catch (const std::system_error& error) {
        room_.leave(client);
        forget(fd);
        rest(name + " cannot be served", error.code().value());
    }
}

int serve(std::uint16_t port) {
    lab::StopSignal stop_signal;
    lab::raise_descriptor_limit();
    const lab::UniqueFd listener = lab::listen_on(port);
    Chat the_chat;
    chat = &the_chat;
    void* const proactor = createProactor();
    if (!proactor)
        lab::checked(-1, "createProactor");
    lab::checked(addFD2Proactor(proactor, listener.get(), accept_client), "addFD2Proactor");
    std::jthread loop(runProactor, proactor);
    lab::log_line("Listening on port: [" + std::to_string(lab::local_port(listener.get())) +
                  "] ...");
    stop_signal.wait();
    cancelProactor(proactor);
    loop.join();
    // No handler starts any more. Those that run may be blocked: hanging up wakes them all, and
    // destroyProactor() waits until they have returned.  // LAB: wake-then-wait
    lab::hang_up(listener.get());
    the_chat.hang_up();
    destroyProactor(proactor);
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
