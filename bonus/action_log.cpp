// What the server logs: when, who, what, and how it went.
#include "bonus/action_log.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include "common/log.hpp"

namespace lab {
namespace {

// Local time, to the millisecond: 2030-01-31 23:59:59.999.
std::string now() {
    using std::chrono::system_clock;
    const auto time = system_clock::now();
    const std::time_t seconds = system_clock::to_time_t(time);
    const auto past = time - system_clock::from_time_t(seconds);
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(past);
    std::tm fields{};
    ::localtime_r(&seconds, &fields);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%F %T", &fields);
    std::snprintf(&text.at(size), text.size() - size, ".%03d", static_cast<int>(rest.count()));
    return text.data();
}

}  // namespace

void log_action(std::string_view name, std::string_view action, std::string_view result) {
    std::string line = now();
    for (const std::string_view word : {name, action, result})
        line.append(" ").append(word);
    log_line(line);
}

}  // namespace lab
