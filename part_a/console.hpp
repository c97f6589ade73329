// The chat client's keyboard and screen.
#pragma once

#include <memory>
#include <string_view>

namespace lab {

// Two threads use a console, each for its own side: the keyboard's thread and the socket's. Main,
// which waits for both, ends it with finish().
class Console {
  public:
    virtual ~Console() = default;

    // -- the keyboard's thread: on a terminal this is the one thread that touches it --------------

    // Blocks until something was typed and returns it, valid until the next call. Empty is the end
    // of the input: Ctrl-D, or finish().
    virtual std::string_view read() = 0;

    // Blocks until `socket` takes bytes again. False when nobody waits for that any more: finish().
    virtual bool wait_until_writable(int socket) = 0;

    // After the end of the input: prints what still arrives, until finish().
    virtual void print_the_rest() = 0;

    // -- the socket's thread ----------------------------------------------------------------------

    // Prints `bytes`, or hands them over to the thread that does, and waits while too much waits
    // there. False when there is nobody to read them.
    virtual bool print(std::string_view bytes) = 0;

    // -- main -------------------------------------------------------------------------------------

    // Waits, a second at most, until all that was handed over is printed and the terminal is as it
    // was. Nothing is read or printed afterwards.
    virtual void finish() = 0;
};

// Opens the console for this process, before it has a second thread. On a terminal that can move
// its cursor, and where libedit was there at build time, it has a line editor: what is being typed
// stays whole while lines arrive. Everywhere else the kernel does the editing, and bytes pass as
// they are, except that a terminal never gets control characters from afar (visible.hpp).
// Borrows the descriptors.
std::unique_ptr<Console> open_console(int keyboard, int screen);

}  // namespace lab
