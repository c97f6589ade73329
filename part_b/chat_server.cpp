// Accepts clients, gives each a session of its own, and lets a program speak to them.
#include "part_b/chat_server.hpp"

#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

#include "common/log.hpp"
#include "part_b/epoll_source.hpp"

namespace lab {
namespace {

// How long a shortage is taken to last: other programs may be the cause of it.
constexpr std::chrono::milliseconds kRest{100};
constexpr std::size_t kMostPosted = std::size_t{16} << 20;

// The sender of what the program says to everybody.
class Program final : public Participant {
  public:
    void deliver(std::string_view) override {}
};

}  // namespace

ChatServer::ChatServer(UniqueFd listener, const Limits& limits)
    : limits_(limits), listener_(std::move(listener)), proactor_(std::make_unique<EpollSource>()) {
    accept_clients();
}

// What a program answers to a run of lines goes out before the next run comes in: so the answers to
// one run are all that can pile up.
void ChatServer::set_events(ChatEvents events) {
    events_ = std::move(events);
    if (events_.lines)
        events_.lines = [this, lines = std::move(events_.lines)](ClientId from,
                                                                 std::string_view run) {
            lines(from, run);
            deliver_posted();
        };
}

void ChatServer::accept_clients() {
    proactor_.async_accept(listener_.get(), [this](const Completion& c) { on_accepted(c); });
}

void ChatServer::on_accepted(const Completion& completion) {
    if (completion.result >= 0)
        return admit(UniqueFd(completion.result));
    if (!std::exchange(starved_, true))
        log_line("cannot accept for now: " + std::generic_category().message(-completion.result));
    proactor_.after(kRest, [this] { accept_clients(); });  // LAB: rest
}

void ChatServer::admit(UniqueFd socket) {
    starved_ = false;
    const ClientId id = ++last_id_;
    const auto [place, _] =
        sessions_.try_emplace(id, std::move(socket), id, room_, events_, proactor_, limits_);
    place->second.start([this, id] { sessions_.erase(id); });
}

bool ChatServer::send(ClientId to, std::string_view bytes) {
    return post(false, to, bytes);
}

bool ChatServer::broadcast(ClientId except, std::string_view bytes) {
    return post(true, except, bytes);
}

// Even a callback, which runs on the loop, only queues: what it says line by line to the same
// clients becomes one parcel, and keeps its order with what other threads say.  // LAB: parcel
bool ChatServer::post(bool to_all, ClientId client, std::string_view bytes) {
    bool first = false;
    {
        auto parcels = parcels_.lock();
        if (bytes.size() > kMostPosted - parcels->size)
            return false;
        first = parcels->waiting.empty();
        parcels->size += bytes.size();
        if (!first && parcels->waiting.back().to_all == to_all &&
            parcels->waiting.back().client == client)
            parcels->waiting.back().bytes += bytes;
        else
            parcels->waiting.push_back({to_all, client, std::string(bytes)});
    }
    if (first)
        proactor_.post([this] { deliver_posted(); });
    return true;
}

void ChatServer::deliver_posted() {
    Parcels parcels;
    std::swap(parcels, *parcels_.lock());
    for (const Parcel& parcel : parcels.waiting)
        deliver(parcel);
}

void ChatServer::deliver(const Parcel& parcel) {
    const auto found = sessions_.find(parcel.client);
    if (parcel.to_all && found == sessions_.end())
        room_.broadcast(Program(), parcel.bytes);
    else if (parcel.to_all)
        room_.broadcast(found->second, parcel.bytes);
    else if (found != sessions_.end())
        found->second.deliver(parcel.bytes);
}

}  // namespace lab
