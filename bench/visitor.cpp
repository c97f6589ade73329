// A client of the bonus without a keyboard: registered for as long as it lives.
#include "bench/visitor.hpp"

#include <stdexcept>

namespace lab::bench {
namespace {

Reply proved(const std::optional<Reply>& reply) {
    if (!reply)
        throw std::runtime_error("the server has gone");
    if (reply->result == Result::refused)
        throw std::runtime_error(reply->text);
    return *reply;
}

}  // namespace

Visitor::Visitor(const std::string& channel, const std::string& name)
    : key_(proved(request_name(channel, name)).key), channel_(channel, key_) {
    proved(channel_.ask({.action = Action::hello}));
}

Reply Visitor::ask(const Request& request) {
    const auto reply = channel_.ask(request);
    return reply ? *reply : proved(reply);
}

void Visitor::send(Key to, const std::string& text) {
    proved(ask({.action = Action::send, .key = to, .text = text}));
}

}  // namespace lab::bench
