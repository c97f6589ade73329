// The server's end of the connect channel, where clients ask for a name.
#include "bonus/connect_channel.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include "bonus/action_log.hpp"
#include "bonus/futex.hpp"
#include "bonus/names.hpp"
#include "bonus/turn.hpp"

namespace lab {
namespace {

// One rule makes a server the only one: who holds a segment's lock may remove its name, and nobody
// else. So a name with a holder stays, a name without one is a left-over, and a file that has lost
// its name while we locked it was taken for a left-over by another server: we begin again.
SegmentFile claim(const std::string& channel) {
    const std::string name = connect_segment_name(channel);
    for (;;) {
        if (auto fresh = SegmentFile::create(name, sizeof(ConnectLayout))) {
            if (fresh->hold(Side::server) && fresh->has_its_name())
                return std::move(*fresh);
            continue;
        }
        auto left_over = SegmentFile::open(name);
        if (!left_over)
            continue;
        if (!left_over->hold(Side::server))
            throw std::runtime_error("a server is already running on channel " + channel);
        left_over->remove_name();  // LAB: left-over
    }
}

// A new file each time: who still has the old one open sees that its server has died.
std::unique_ptr<Segment<ConnectLayout>> make_segment(const std::string& channel) {
    auto segment = std::make_unique<Segment<ConnectLayout>>(claim(channel));
    const Mapping::Watch watch(segment->mapping());
    make_turn((*segment)->turn);
    segment->publish();
    return segment;
}

Reply reply_to(const Request& request, const ConnectChannel::Admit& admit) {
    if (request.action != Action::register_name)
        return {.result = Result::refused, .text = "no such request here"};
    return admit(request.text);
}

}  // namespace

ConnectChannel::ConnectChannel(std::string channel)
    : channel_(std::move(channel)), segment_(make_segment(channel_)) {
    remove_left_over_segments(channel_);
}

ConnectChannel::~ConnectChannel() {
    segment_->file().remove_name();
}

void ConnectChannel::serve(const std::stop_token& stop, const Admit& admit) {
    do
        serve_this_one(stop, admit);
    while (!stop.stop_requested() && make_anew());
}

// Clients that are registered have channels of their own, and notice nothing.
bool ConnectChannel::make_anew() {
    segment_->file().remove_name();
    try {
        segment_ = make_segment(channel_);
        log_action("server", "connect", "the channel was cut short, and is made anew");
        return true;
    } catch (const std::runtime_error& error) {
        log_action("server", "connect", std::string("nobody can register now: ") + error.what());
        return false;
    }
}

void ConnectChannel::serve_this_one(const std::stop_token& stop, const Admit& admit) {
    const Mapping::Watch watch(segment_->mapping());
    RequestSlot slot((*segment_)->slot);
    const std::stop_callback wake(stop, [&slot] { slot.wake(); });
    while (!stop.stop_requested() && !segment_->mapping().broken()) {
        const std::optional<Request> request = slot.next(kLookAround);
        if (request && !segment_->mapping().broken())
            slot.answer(reply_to(*request, admit));
    }
}

}  // namespace lab
