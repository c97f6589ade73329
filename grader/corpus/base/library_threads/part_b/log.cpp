// The log: a line on stderr for each event.
#include "log.hpp"

#include <cstdio>

namespace chat {

void log(const std::string &what)
{
    std::fwrite((what + "\n").data(), 1, what.size() + 1, stderr);
}

}
