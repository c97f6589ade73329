// What the client's user may type.
#include "bonus/command.hpp"

#include <charconv>
#include <system_error>

namespace lab {
namespace {

// Cuts the first word off, and the one blank behind it.
std::string_view next_word(std::string_view& line) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return word;
}

Command parse_send(std::string_view rest) {
    const std::string_view number = next_word(rest);
    Key key = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), key);
    if (number.empty() || rest.empty())
        return NoCommand{"send needs a key and a text: send KEY TEXT"};
    if (error != std::errc() || end != number.data() + number.size())
        return NoCommand{"a key is a number; list shows them"};
    return SendCommand{key, std::string(rest)};
}

}  // namespace

Command parse_command(std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = next_word(rest);
    if (word == "send")
        return parse_send(rest);
    if (line.empty())
        return NoCommand{};
    if (line == "help")
        return HelpCommand{};
    if (line == "list")
        return ListCommand{};
    if (line == "quit")
        return QuitCommand{};
    return NoCommand{"there is no such command; try help"};
}

std::string_view help() {
    return "list           who is registered: a key and a name in each line\n"
           "send KEY TEXT  send TEXT to the client that has this key\n"
           "quit           unregister, and end; so does the end of the input\n"
           "help           this list";
}

}  // namespace lab
