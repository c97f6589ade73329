// Lets newcomers in: a name, a key, a channel and a worker for each.
#include "bonus/reception.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "bonus/action_log.hpp"
#include "bonus/comm_channel.hpp"
#include "bonus/worker.hpp"

namespace lab {
namespace {

// A name that is not allowed may hold anything, and is not for the log.
Reply refuse(const std::string& name, const std::string& why) {
    log_action(is_valid_name(name) ? name : "?", "register", "refused: " + why);
    return {.result = Result::refused, .text = why};
}

}  // namespace

Reply Reception::admit(const std::string& name) {
    if (!is_valid_name(name))
        return refuse(name, "a name is " + std::string(kNameRule));
    Key key = 0;
    try {
        const std::optional<Key> reserved = registry_.reserve(name);
        if (!reserved)
            return refuse(name, "the name " + name + " is taken");
        key = *reserved;
        auto channel = std::make_shared<CommChannel>(channel_, key);
        workers_.start(std::make_unique<Worker>(std::move(channel), key, name, registry_));
        return {.result = Result::done, .key = key};
    } catch (const std::runtime_error& shortage) {  // of descriptors, memory, threads or seats
        registry_.release(key);
        return refuse(name, std::string("there is no room now: ") + shortage.what());
    }
}

}  // namespace lab
