// A keyboard and a screen that are one terminal, and the one thread that touches it.
#pragma once

#include <csignal>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>

#include "common/unique_fd.hpp"
#include "part_a/console.hpp"
#include "part_a/handover.hpp"
#include "part_a/line_editor.hpp"

namespace lab {

// The keyboard's thread owns the terminal: it edits, it prints what the socket's thread hands over
// above the line being typed, and it waits for the keyboard, the handover's bell and the signals of
// the terminal (signalfd(2)) in one poll(2). It never blocks anywhere else, so Ctrl-C ends the
// program at once, with the terminal as it was; so do SIGTERM, SIGHUP and Ctrl-\. Ctrl-Z works,
// too.
class TerminalConsole final : public Console {
  public:
    // Nothing when the terminal cannot be drawn on. Else blocks the signals for this thread, and
    // those that it will start: to be called by the program's only thread.
    static std::unique_ptr<TerminalConsole> open(int keyboard, int screen);

    // Gives the signals back to whoever has them by default.
    ~TerminalConsole() override;

    std::string_view read() override;
    bool wait_until_writable(int socket) override;
    void print_the_rest() override;
    bool print(std::string_view bytes) override;
    void finish() override;

  private:
    TerminalConsole(int keyboard, int screen);
    bool wait_for_keys();
    bool wait_for(int socket);
    void print_what_was_handed_over();
    void answer_signals();
    void pass_on(int signal);

    LineEditor editor_;
    Handover arrived_;
    sigset_t signals_;
    int keyboard_;  // -1 at its end
    UniqueFd signal_fd_;
    std::string line_;
    bool released_ = false;                 // by the thread that owns the terminal
    std::binary_semaphore is_released_{0};  // tells main
};

}  // namespace lab
