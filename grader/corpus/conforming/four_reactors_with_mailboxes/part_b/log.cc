#include "log.hh"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace {

std::string begin(uint64_t client, const char *event)
{
    using namespace std::chrono;
    static const auto start = steady_clock::now();
    char head[120];
    std::snprintf(head, sizeof head, "t=%.3f client=%llu event=%s",
                  duration<double>(steady_clock::now() - start).count(),
                  static_cast<unsigned long long>(client), event);
    return head;
}

void put(std::string line)
{
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (n < 0 && errno != EINTR)
            return;
        rest.remove_prefix(n > 0 ? n : 0);
    }
}

} // namespace

void note(uint64_t client, const char *event)
{
    put(begin(client, event));
}

void note(uint64_t client, std::string_view text)
{
    std::string line = begin(client, "said") + " text=\"";
    for (char c : text.substr(0, 160))
        line += static_cast<unsigned char>(c) < 32 ? '?' : c;
    put(line + (text.size() > 160 ? "\"..." : "\""));
}
