// What the client prints: whole lines, from two threads.
#include "bonus/screen.hpp"

#include <unistd.h>

#include <clocale>

#include "common/descriptor_io.hpp"
#include "common/visible.hpp"

namespace lab {
namespace {

constexpr std::string_view kBackToLineStart = "\r\033[K";

// As in part_a/console.cpp: a user who has chosen no characters has a UTF-8 terminal.
void choose_characters() {
    const char* const chosen = std::setlocale(LC_CTYPE, "");
    if (chosen == nullptr || chosen == std::string_view("C") || chosen == std::string_view("POSIX"))
        std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

Screen::Screen(int fd) : fd_(fd), is_terminal_(::isatty(fd) == 1) {
    if (is_terminal_)
        choose_characters();
}

// One write for all of it: a pipe keeps the writes of two programs apart, if they are short.
void Screen::print(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (!is_terminal_)
        write_all(fd_, std::string(line) + '\n');
    else
        write_all(fd_, (prompt_.empty() ? "" : std::string(kBackToLineStart)) + visible(line) +
                           '\n' + prompt_);
}

void Screen::ask(std::string_view prompt) {
    const std::lock_guard lock(mutex_);
    if (!is_terminal_)
        return;
    prompt_ = prompt;
    write_all(fd_, prompt_);
}

void Screen::answered() {
    const std::lock_guard lock(mutex_);
    prompt_.clear();
}

}  // namespace lab
