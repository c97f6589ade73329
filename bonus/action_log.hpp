// What the server logs: when, who, what, and how it went.
#pragma once

#include <string_view>

namespace lab {

// Writes `<date and time> <name> <action> <result>` as one line. Any thread. Gives the text of
// messages to nobody: it is not the log's business.
void log_action(std::string_view name, std::string_view action, std::string_view result);

}  // namespace lab
