// Who is registered: names, keys, and where their messages go.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bonus/names.hpp"
#include "common/guarded.hpp"

namespace lab {

class CommChannel;

// A key is a seat and how many have had that seat before: key = times * kSeats + seat. Seats are
// taken again, keys never are, and so an old key is an unknown one, and not somebody else's. Any
// thread.
class Registry {
  public:
    static constexpr Key kSeats = 100'000;

    // Takes a seat for a new name, which is from now on taken, but neither listed nor found.
    // Nothing when the name is taken already; throws std::runtime_error when there is no seat left.
    std::optional<Key> reserve(std::string_view name);

    // The client is here: from now on it is listed, and found.
    void open(Key key, std::shared_ptr<CommChannel> channel);

    // Where to send what is for `key`; null when nobody has it, or no longer.
    std::shared_ptr<CommChannel> find(Key key);

    // The name and the seat are free again. A key that nobody has is nothing to release.
    void release(Key key);

    struct Entry {
        Key key;
        std::string name;
    };
    // The first `most` clients whose seats come behind that of `after`, or from the beginning (0).
    // Page by page: who is there all the time is listed once, however others come and go.
    std::vector<Entry> list(Key after, std::size_t most);

  private:
    struct Seat {
        Key key = 0;         // of who has it, or had it last
        std::string name{};  // empty: nobody
        std::shared_ptr<CommChannel> channel{};
    };
    struct Book {
        std::vector<Seat> seats;
        std::vector<std::size_t> free;  // seats
        std::map<std::string, Key, std::less<>> names;

        Seat* find(Key key);
    };
    Guarded<Book> book_;
};

}  // namespace lab
