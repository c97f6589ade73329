// What a program can learn about its clients, and decide in the room's place.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace lab {

using ClientId = std::uint64_t;  // counts up from 1 and is never used again

inline constexpr ClientId kNobody = 0;

// Called on the loop: none may block. An empty one does what a chat room does: it relays the lines
// of a client to all others, and takes no notice of who comes and goes.
struct ChatEvents {
    std::function<void(ClientId)> joined;                   // it can be sent something from now on
    std::function<void(ClientId, std::string_view)> lines;  // a run of whole lines, each with '\n'
    std::function<void(ClientId)> left;                     // after its last line
};

}  // namespace lab
