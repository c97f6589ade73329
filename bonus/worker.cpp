// Serves one client: its requests, one after the other, each with one reply.
#include "bonus/worker.hpp"

#include <optional>
#include <utility>

#include "bonus/action_log.hpp"
#include "bonus/futex.hpp"

namespace lab {
namespace {

constexpr std::size_t kLongestLine = 20 + 1 + kMaxName + 1;  // of a list: key, blank, name, newline
constexpr std::size_t kPage = kMaxText / kLongestLine;       // clients

Reply refused(std::string why) {
    return {.result = Result::refused, .text = std::move(why)};
}

}  // namespace

Worker::Worker(std::shared_ptr<CommChannel> channel, Key key, std::string name, Registry& registry)
    : channel_(std::move(channel)), key_(key), name_(std::move(name)), registry_(registry) {}

void Worker::serve(const std::stop_token& stop) {
    const Mapping::Watch watch(channel_->mapping());
    const std::stop_callback wake(stop, [this] { channel_->slot().wake(); });
    log_action(name_, "register", std::to_string(key_));
    std::string_view end = welcome(stop);
    if (end.empty())
        end = serve_requests(stop);
    unregister();
    channel_->remove_name();
    log_action(name_, "end", end);
}

// The newcomer opens its channel, takes its side of it and says hello. Returns why it is to leave
// again, if it is.
std::string_view Worker::welcome(const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + kPatienceWithNewcomer;
    while (!stop.stop_requested()) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        const std::optional<Request> request = channel_->slot().next(std::min(left, kLookAround));
        if (!request && left.count() > 0)
            continue;
        if (!request || request->action != Action::hello || !channel_->client_lives())
            return "dropped: it has not opened its channel";
        channel_->remove_name();  // LAB: name-removed
        registry_.open(key_, channel_);
        channel_->slot().answer({.result = Result::done, .key = key_});
        log_action(name_, "hello", "done");
        return "";
    }
    return "the server stops";
}

std::string_view Worker::serve_requests(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const std::optional<Request> request = channel_->slot().next(kLookAround);
        if (const std::string_view misdeed = channel_->misdeed(); !misdeed.empty())
            return misdeed;
        if (!request && !channel_->client_lives())
            return "its process has ended";
        if (!request)
            continue;
        channel_->slot().answer(reply_to(*request, stop));
        if (request->action == Action::unregister)
            return "left";
    }
    return "the server stops";
}

Reply Worker::reply_to(const Request& request, const std::stop_token& stop) {
    switch (request.action) {
        case Action::send:
            return send(request, stop);
        case Action::list:
            return list(request.key);
        case Action::unregister:
            unregister();  // before the reply: what it promises is already true
            log_action(name_, "unregister", "done");
            return {.result = Result::done};
        case Action::register_name:
        case Action::hello:
            break;
    }
    log_action(name_, "?", "refused: no such request here");
    return refused("no such request here");
}

Reply Worker::send(const Request& request, const std::stop_token& stop) {
    const auto refuse = [&](const std::string& why) {
        log_action(name_, "send", "refused: " + why);
        return refused(why);
    };
    const std::string key = std::to_string(request.key);
    if (request.too_long)
        return refuse("the text is too long, " + std::to_string(kMaxText) + " bytes are the most");
    const std::shared_ptr<CommChannel> receiver = registry_.find(request.key);
    if (!receiver)
        return refuse("nobody has the key " + key);
    switch (receiver->deliver({name_, request.text}, stop)) {
        case CommChannel::Delivery::accepted:
            break;
        case CommChannel::Delivery::full:
            return refuse("the inbox of " + key + " is full");
        case CommChannel::Delivery::gone:
            return refuse("the owner of the key " + key + " has gone");
    }
    log_action(name_, "send",
               std::to_string(request.text.size()) + " bytes to " + key + " accepted");
    return {.result = Result::done, .key = request.key};
}

// A page, and as the reply's key the last one on it; 0 when nothing comes behind.
Reply Worker::list(Key after) {
    const auto page = registry_.list(after, kPage);
    Reply reply{.result = Result::done, .key = page.size() == kPage ? page.back().key : 0};
    for (const Registry::Entry& entry : page)
        reply.text += std::to_string(entry.key) + ' ' + entry.name + '\n';
    log_action(name_, "list", std::to_string(page.size()) + " clients");
    return reply;
}

// Whoever has found the channel before can offer nothing any more: all that was accepted is in the
// inbox when the client hears that it has left.
void Worker::unregister() {
    registry_.release(key_);
    channel_->close();  // LAB: close-before-reply
}

}  // namespace lab
