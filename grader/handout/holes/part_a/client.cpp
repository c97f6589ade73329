#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "common/not_written.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"
#include "common/socket.hpp"

// STUDENT: The keyboard and the server at the same time: two threads, each blocked in a call that
// waits. In small steps:
//  1. Read the command line, connect; run_main() says what went wrong, and ends with the status.
//     Check: client_says_why_it_cannot_connect.
//  2. Send what is typed: read(2) from STDIN_FILENO, send_all() as many bytes as came.
//     Checks: client_sends_what_is_typed, client_finds_the_default_server.
//  3. Print what arrives, in a thread of its own: receive(), write(2), the same bytes.
//     Checks: client_prints_what_arrives, client_listens_while_you_type.
//  4. End of input (Ctrl-D): end your direction only, and go on printing for as long as clause A5
//     says. Read shutdown(2). Check: client_end_of_input.
//  5. The server goes first: say so, and exit with 1, although a thread still waits for the
//     keyboard. What ends it? Check: client_says_that_the_server_has_gone.
int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        lab::not_written("part_a/client, main()", argc, argv);
        return EXIT_FAILURE;
    });
}
