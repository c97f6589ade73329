// The command lines of the bonus: `server [channel-name]`, `client [--channel channel-name]
// [name]`.
#include "bonus/arguments.hpp"

#include <string_view>

#include "bonus/names.hpp"
#include "common/options.hpp"

namespace lab {
namespace {

[[noreturn]] void complain(const std::string& what, const char* program, const char* arguments) {
    throw UsageError(what + "\nusage: " + (program != nullptr ? program : "program") + " " +
                     arguments);
}

// What is wrong with it as the name of a channel, or nothing.
std::string complaint(std::string_view channel) {
    if (is_valid_name(channel))
        return "";
    return "the name of a channel is " + std::string(kNameRule) + ", not '" + std::string(channel) +
           "'";
}

}  // namespace

std::string parse_server_arguments(int argc, const char* const argv[]) {
    std::string channel = argc > 1 ? argv[1] : kDefaultChannel;
    const std::string wrong = argc > 2 ? "too many arguments" : complaint(channel);
    if (!wrong.empty())
        complain(wrong, argv[0], "[channel-name]");
    return channel;
}

ClientArguments parse_client_arguments(int argc, const char* const argv[]) {
    ClientArguments wish;
    std::string wrong;
    for (int place = 1; place < argc && wrong.empty(); ++place) {
        const std::string_view word = argv[place];
        if (word == "--channel" && place + 1 < argc)
            wish.channel = argv[++place];
        else if (word == "--channel")
            wrong = "--channel needs the name of a channel";
        else if (word.starts_with("--"))
            wrong = "there is no option " + std::string(word);
        else if (wish.name)
            wrong = "too many arguments";
        else
            wish.name = word;
    }
    if (wrong.empty())
        wrong = complaint(wish.channel);
    if (!wrong.empty())
        complain(wrong, argv[0], "[--channel channel-name] [name]");
    return wish;
}

}  // namespace lab
