// What a registered client does: commands in one thread, the inbox in another.
#include "bonus/conversation.hpp"

#include <stdexcept>

namespace lab {
namespace {

constexpr const char* kServerGone = "the server has gone";

// Runs the body of a thread; what it throws is why the conversation is over.
template <class Body, class Conclude>
void to_the_end(Body body, Conclude conclude) {
    try {
        body();
    } catch (const std::runtime_error& error) {
        conclude(error.what());
    }
}

}  // namespace

Conversation::Conversation(ClientChannel& channel, Keyboard& keyboard, Screen& screen)
    : channel_(channel), keyboard_(keyboard), screen_(screen) {
    const auto conclude = [this](const std::string& why) { this->conclude(why); };
    listener_ = std::jthread([=, this] { to_the_end([this] { listen(); }, conclude); });
    typist_ = std::jthread([=, this] { to_the_end([this] { type(); }, conclude); });
}

std::string Conversation::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return end_.has_value(); });
    return *end_;
}

void Conversation::type() {
    for (bool more = true; more;) {
        const auto line = keyboard_.read("> ");
        more = line && obey(parse_command(*line));
    }
    leaving_ = true;
    ask({.action = Action::unregister});
    listener_.join();  // LAB: drain-inbox
    conclude("");
}

void Conversation::listen() {
    while (const auto message = channel_.next_message())
        screen_.print("from " + message->from + ": " + message->text);
    if (!leaving_)
        conclude(kServerGone);
}

// False when the user wants to leave.
bool Conversation::obey(const Command& command) {
    if (std::holds_alternative<QuitCommand>(command))
        return false;
    if (std::holds_alternative<HelpCommand>(command))
        screen_.print(help());
    if (std::holds_alternative<ListCommand>(command))
        list();
    if (const auto* const send = std::get_if<SendCommand>(&command))
        print(ask({.action = Action::send, .key = send->key, .text = send->text}),
              "sent to " + std::to_string(send->key));
    if (const auto* const none = std::get_if<NoCommand>(&command);
        none != nullptr && !none->complaint.empty())
        screen_.print("error: " + none->complaint);
    return true;
}

// Page after page: each is a request, and a reply says whether another one follows.
void Conversation::list() {
    Reply page;
    do {
        page = ask({.action = Action::list, .key = page.key});
        page.text.resize(page.text.empty() ? 0 : page.text.size() - 1);  // print() has a newline
        if (page.result == Result::refused || !page.text.empty())
            print(page, page.text);
    } while (page.key != 0);
    screen_.print("end of list");
}

Reply Conversation::ask(const Request& request) {
    auto reply = channel_.ask(request);
    if (!reply)
        throw std::runtime_error(kServerGone);
    return *reply;
}

void Conversation::print(const Reply& reply, std::string_view when_done) {
    screen_.print(reply.result == Result::done ? std::string(when_done) : "error: " + reply.text);
}

void Conversation::conclude(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (!end_)
        end_ = why;
    changed_.notify_all();
}

}  // namespace lab
