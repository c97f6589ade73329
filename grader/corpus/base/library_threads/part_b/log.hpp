// The log: a line on stderr for each event.
#pragma once
#include <string>

namespace chat {

void log(const std::string &what);

}
