// The client of the bonus: a name, then commands; what others send is printed as it arrives.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "bonus/arguments.hpp"
#include "bonus/client_channel.hpp"
#include "bonus/conversation.hpp"
#include "bonus/keyboard.hpp"
#include "bonus/mapping.hpp"
#include "bonus/screen.hpp"
#include "common/run_main.hpp"

namespace {

// The channel of who is registered; null when the name is refused, and the reason is printed.
std::unique_ptr<lab::ClientChannel> register_as(const std::string& name, const std::string& channel,
                                                lab::Screen& screen) {
    const auto reply = lab::request_name(channel, name);
    if (!reply)
        throw std::runtime_error("the server has gone");
    if (reply->result == lab::Result::refused) {
        screen.print("error: " + reply->text);
        return nullptr;
    }
    auto ours = std::make_unique<lab::ClientChannel>(channel, reply->key);
    const auto welcome = ours->ask({.action = lab::Action::hello});
    if (!welcome || welcome->result == lab::Result::refused)
        throw std::runtime_error("the server has not waited for us");
    screen.print("registered " + name + " " + std::to_string(reply->key));
    return ours;
}

}  // namespace

int main(int argc, char* argv[]) {
    return lab::run_main([&]() -> int {
        const lab::ClientArguments wish = lab::parse_client_arguments(argc, argv);
        lab::Mapping::handle_bus_errors();
        std::signal(SIGPIPE, SIG_IGN);  // a screen that nobody looks at is no reason to stop
        lab::Screen screen(STDOUT_FILENO);
        lab::Keyboard keyboard(screen);
        std::unique_ptr<lab::ClientChannel> channel;
        std::optional<std::string> name = wish.name;
        for (; !channel; name = channel ? name : std::nullopt) {
            if (!name && !(name = keyboard.read("name: ")))
                return EXIT_FAILURE;  // the input has ended, and nobody is registered
            channel = register_as(*name, wish.channel, screen);
        }
        lab::Conversation conversation(*channel, keyboard, screen);
        const std::string why = conversation.wait();
        if (why.empty())
            screen.print("unregistered " + *name);
        else
            std::cerr << why << '\n';
        // A thread may be blocked in a read from the keyboard: only the process's end ends it.
        std::_Exit(why.empty() ? EXIT_SUCCESS : EXIT_FAILURE);  // LAB: leave-typist-behind
    });
}
