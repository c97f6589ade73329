// A keyboard and a screen that are one terminal, and the one thread that touches it.
#include "part_a/terminal_console.hpp"

#include <poll.h>
#include <sys/signalfd.h>

#include <array>
#include <chrono>

#include "common/error.hpp"

namespace lab {

using namespace std::chrono_literals;

std::unique_ptr<TerminalConsole> TerminalConsole::open(int keyboard, int screen) {
    std::unique_ptr<TerminalConsole> console(new TerminalConsole(keyboard, screen));
    if (!console->editor_.usable())
        return nullptr;
    ::pthread_sigmask(SIG_BLOCK, &console->signals_, nullptr);
    console->editor_.enter();
    return console;
}

TerminalConsole::TerminalConsole(int keyboard, int screen)
    : editor_(keyboard, screen, [this] { return wait_for_keys(); }), keyboard_(keyboard) {
    ::sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH})
        ::sigaddset(&signals_, signal);
    signal_fd_.reset(
        checked(::signalfd(-1, &signals_, SFD_NONBLOCK | SFD_CLOEXEC), "cannot wait for signals"));
}

TerminalConsole::~TerminalConsole() {
    ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

std::string_view TerminalConsole::read() {
    line_ = editor_.read_line().value_or("");
    return line_;
}

bool TerminalConsole::wait_until_writable(int socket) {
    return wait_for(socket);
}

void TerminalConsole::print_the_rest() {
    keyboard_ = -1;  // what is typed now is for whoever reads next
    wait_for(-1);
}

bool TerminalConsole::print(std::string_view bytes) {
    return arrived_.give(bytes);
}

void TerminalConsole::finish() {
    arrived_.close();
    (void)is_released_.try_acquire_for(1s);
}

bool TerminalConsole::wait_for_keys() {
    return keyboard_ != -1 && wait_for(-1) && keyboard_ != -1;
}

// The one place where the terminal's owner waits: for `socket` to take bytes or, where that is -1,
// for keys. Those are read at any time: Ctrl-C behind a full buffer would not reach us. False after
// finish(). poll(2) passes over negative descriptors.
bool TerminalConsole::wait_for(int socket) {
    for (bool ready = false; !ready && !released_;) {
        const int keyboard = editor_.takes_keys() ? keyboard_ : -1;
        std::array<pollfd, 4> waiting{{{.fd = socket, .events = POLLOUT, .revents = 0},
                                       {.fd = keyboard, .events = POLLIN, .revents = 0},
                                       {.fd = arrived_.bell(), .events = POLLIN, .revents = 0},
                                       {.fd = signal_fd_.get(), .events = POLLIN, .revents = 0}}};
        ::poll(waiting.data(), waiting.size(), -1);
        const auto& [room, keys, bell, signal] = waiting;
        if (signal.revents != 0)
            answer_signals();
        if (keys.revents != 0 && !editor_.read_keys())
            keyboard_ = -1;
        if (bell.revents != 0)
            print_what_was_handed_over();
        ready = room.revents != 0 || (socket == -1 && keys.revents != 0);
    }
    return !released_;
}

void TerminalConsole::print_what_was_handed_over() {
    editor_.print(arrived_.take());
    if (!arrived_.over())
        return;
    editor_.leave();
    released_ = true;
    is_released_.release();
}

void TerminalConsole::answer_signals() {
    signalfd_siginfo signal{};
    while (::read(signal_fd_.get(), &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo == SIGWINCH)
            editor_.resize();
        else if (signal.ssi_signo == SIGCONT)
            editor_.enter();
        else
            pass_on(static_cast<int>(signal.ssi_signo));
    }
}

// Lets the signal do what it does to any program. Where that is nothing, or a pause, we come back.
void TerminalConsole::pass_on(int signal) {
    editor_.leave();
    sigset_t one;
    ::sigemptyset(&one);
    ::sigaddset(&one, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
    ::raise(signal);
    ::pthread_sigmask(SIG_BLOCK, &one, nullptr);
    editor_.enter();
}

}  // namespace lab
