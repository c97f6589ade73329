// The client's ends: a name asked for on the connect channel, then a channel of its own.
#include "bonus/client_channel.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "bonus/futex.hpp"
#include "bonus/turn.hpp"

namespace lab {
namespace {

using Clock = std::chrono::steady_clock;

// A turn lasts some microseconds. Only who was stopped in his turn, or spoils the channel on
// purpose, makes others wait for so long; who has died does not.
constexpr std::chrono::milliseconds kPatienceOnConnectChannel{5000};

std::runtime_error no_server(const std::string& channel) {
    return std::runtime_error("there is no server on channel " + channel);
}

// The file, if it has the size that the layout asks for: what lies behind its end is no memory.
template <class Layout>
SegmentFile open_segment(const std::string& name, const std::runtime_error& otherwise) {
    auto file = SegmentFile::open(name);
    if (!file || file->size() != sizeof(Layout))
        throw otherwise;
    return std::move(*file);
}

// Sleeps until the reply is there. Nothing: the server has gone.
std::optional<Reply> reply(RequestSlot& slot, const SegmentFile& file, Clock::time_point until) {
    for (bool server_lives = true;;) {
        auto reply = slot.wait_for_reply(server_lives ? kLookAround : std::chrono::milliseconds());
        if (reply || !server_lives)
            return reply;  // of who has gone, the last words have been looked for
        server_lives = file.held_by_another(Side::server);
        if (Clock::now() > until)
            throw std::runtime_error("the server does not answer");
    }
}

}  // namespace

std::optional<Reply> request_name(const std::string& channel, const std::string& name) {
    Segment<ConnectLayout> segment(
        open_segment<ConnectLayout>(connect_segment_name(channel), no_server(channel)));
    const Mapping::Watch watch(segment.mapping());
    if (!segment.file().held_by_another(Side::server) || !segment.is_published())
        throw no_server(channel);
    const Turn turn(segment->turn, kPatienceOnConnectChannel);
    RequestSlot slot(segment->slot);
    slot.begin({.action = Action::register_name, .text = name});
    return reply(slot, segment.file(), Clock::now() + kPatienceOnConnectChannel);
}

ClientChannel::ClientChannel(const std::string& channel, Key key)
    : segment_(open_segment<CommLayout>(comm_segment_name(channel, key),
                                        std::runtime_error("the server has not waited for us"))),
      slot_(segment_->slot),
      inbox_(segment_->inbox) {
    const Mapping::Watch watch(segment_.mapping());
    if (!segment_.is_published() || !segment_.file().hold(Side::client))
        throw std::runtime_error("somebody else has our channel");
}

std::optional<Reply> ClientChannel::ask(const Request& request) {
    const Mapping::Watch watch(segment_.mapping());
    slot_.begin(request);
    auto answer = reply(slot_, segment_.file(), Clock::time_point::max());
    prove_whole();
    return answer;
}

std::optional<Message> ClientChannel::next_message() {
    const Mapping::Watch watch(segment_.mapping());
    for (;;) {
        auto message = inbox_.take();
        const bool over = inbox_.closed() || !segment_.file().held_by_another(Side::server);
        if (!message && over)
            message = inbox_.take();  // what came between our look and its end
        prove_whole();
        if (message || over)
            return message;
        inbox_.wait(kLookAround);
    }
}

void ClientChannel::prove_whole() const {
    if (segment_.mapping().broken())
        throw std::runtime_error("somebody has cut our channel short");
}

}  // namespace lab
