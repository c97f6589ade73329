// Who is registered: names, keys, and where their messages go.
#include "bonus/registry.hpp"

#include <stdexcept>
#include <utility>

namespace lab {

std::optional<Key> Registry::reserve(std::string_view name) {
    auto book = book_.lock();
    if (book->names.contains(name))
        return std::nullopt;
    if (book->free.empty()) {
        if (book->seats.size() == kSeats)
            throw std::runtime_error("no seat is left");
        book->free.push_back(book->seats.size());
        book->seats.push_back({.key = book->seats.size()});
    }
    Seat& seat = book->seats[book->free.back()];
    book->free.pop_back();
    seat.key += kSeats;  // LAB: generation
    seat.name = name;
    book->names.emplace(name, seat.key);
    return seat.key;
}

void Registry::open(Key key, std::shared_ptr<CommChannel> channel) {
    auto book = book_.lock();
    if (Seat* const seat = book->find(key))
        seat->channel = std::move(channel);
}

std::shared_ptr<CommChannel> Registry::find(Key key) {
    auto book = book_.lock();
    const Seat* const seat = book->find(key);
    return seat != nullptr ? seat->channel : nullptr;
}

void Registry::release(Key key) {
    std::shared_ptr<CommChannel> last;  // destroyed after the lock is given back
    auto book = book_.lock();
    Seat* const seat = book->find(key);
    if (seat == nullptr)
        return;
    book->names.erase(seat->name);
    seat->name.clear();
    last = std::move(seat->channel);
    book->free.push_back(key % kSeats);
}

std::vector<Registry::Entry> Registry::list(Key after, std::size_t most) {
    std::vector<Entry> page;
    auto book = book_.lock();
    const std::size_t first = after == 0 ? 0 : after % kSeats + 1;
    for (std::size_t place = first; place < book->seats.size() && page.size() < most; ++place) {
        if (const Seat& seat = book->seats[place]; seat.channel)
            page.push_back({seat.key, seat.name});
    }
    return page;
}

Registry::Seat* Registry::Book::find(Key key) {
    const std::size_t place = key % kSeats;
    if (place >= seats.size() || seats[place].key != key || seats[place].name.empty())
        return nullptr;
    return &seats[place];
}

}  // namespace lab
