// The server's end of one client's channel.
#include "bonus/comm_channel.hpp"

#include <algorithm>
#include <string>
#include <system_error>

#include "bonus/futex.hpp"

namespace lab {
namespace {

SegmentFile make_segment(std::string_view channel, Key key) {
    const std::string name = comm_segment_name(channel, key);
    auto file = SegmentFile::create(name, sizeof(CommLayout));
    if (!file || !file->hold(Side::server))
        throw std::system_error(EEXIST, std::generic_category(), name);
    return std::move(*file);
}

}  // namespace

CommChannel::CommChannel(std::string_view channel, Key key)
    : segment_(make_segment(channel, key)), slot_(segment_->slot), inbox_(segment_->inbox) {
    const Mapping::Watch watch(mapping());
    segment_.publish();
}

std::string_view CommChannel::misdeed() const {
    if (segment_.mapping().broken())
        return "dropped: it has cut its channel short";
    return talked_nonsense_ ? "dropped: it has taken what was never sent" : "";
}

CommChannel::Delivery CommChannel::deliver(const Message& message, const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    const Mapping::Watch watch(mapping());
    const auto until = Clock::now() + kPatienceWithFullInbox;
    while (misdeed().empty() && client_lives() && !stop.stop_requested()) {
        const InboxWriter::Offer offer = inbox_.offer(message);
        if (offer == InboxWriter::Offer::accepted && !mapping().broken())
            return Delivery::accepted;
        if (offer == InboxWriter::Offer::closed)
            return Delivery::gone;
        if (offer == InboxWriter::Offer::nonsense)
            talked_nonsense_ = true;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        if (left.count() <= 0)
            return Delivery::full;
        if (offer == InboxWriter::Offer::full)
            inbox_.wait_for_room(std::min(left, kLookAround));  // LAB: bounded-wait
    }
    slot_.wake();  // its worker may not know yet
    return Delivery::gone;
}

void CommChannel::close() {
    const Mapping::Watch watch(mapping());
    inbox_.close();
}

}  // namespace lab
