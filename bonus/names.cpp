// What clients, channels and their segments may be called, and are.
#include "bonus/names.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "bonus/layout.hpp"

namespace lab {
namespace {

// POSIX has no call that lists what shm_open has made; on Linux it is a folder.
constexpr const char* kFolder = "/dev/shm";

bool is_allowed(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

}  // namespace

bool is_valid_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, is_allowed);
}

std::string connect_segment_name(std::string_view channel) {
    return "/lab-bonus-" + std::string(channel);
}

std::string comm_segment_name(std::string_view channel, Key key) {
    return connect_segment_name(channel) + '.' + std::to_string(key);
}

void remove_left_over_segments(std::string_view channel) {
    const std::string beginning = connect_segment_name(channel) + '.';
    std::error_code ignored;  // where the folder cannot be read, nothing is removed
    for (const auto& entry : std::filesystem::directory_iterator(kFolder, ignored)) {
        const std::string name = '/' + entry.path().filename().string();
        if (name.starts_with(beginning))
            ::shm_unlink(name.c_str());
    }
}

}  // namespace lab
