// The chat client's keyboard and screen.
#include "part_a/console.hpp"

#include <unistd.h>

#include <clocale>
#include <string_view>

#include "part_a/plain_console.hpp"
#ifdef LAB_LIBEDIT
#include "part_a/terminal_console.hpp"
#endif

namespace lab {
namespace {

// Which characters are text is the user's choice; a user who has made none has a UTF-8 terminal.
void choose_characters() {
    const char* const chosen = std::setlocale(LC_CTYPE, "");
    if (chosen == nullptr || chosen == std::string_view("C") || chosen == std::string_view("POSIX"))
        std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

std::unique_ptr<Console> open_console(int keyboard, int screen) {
    const bool to_terminal = ::isatty(screen) == 1;
    if (to_terminal)
        choose_characters();
#ifdef LAB_LIBEDIT
    if (to_terminal && ::isatty(keyboard) == 1) {
        if (auto console = TerminalConsole::open(keyboard, screen))
            return console;
    }
#endif
    return std::make_unique<PlainConsole>(keyboard, screen, to_terminal);
}

}  // namespace lab
