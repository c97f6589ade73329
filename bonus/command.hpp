// What the client's user may type.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "bonus/names.hpp"

namespace lab {

struct HelpCommand {};
struct ListCommand {};
struct QuitCommand {};
struct SendCommand {
    Key key;
    std::string text;
};
struct NoCommand {
    std::string complaint;  // empty: an empty line
};
using Command = std::variant<NoCommand, HelpCommand, ListCommand, SendCommand, QuitCommand>;

// A line, without its newline, as a command. The text of `send KEY TEXT` is all that comes behind
// the one blank after the key, byte for byte.
Command parse_command(std::string_view line);

// A line for each command.
std::string_view help();

}  // namespace lab
