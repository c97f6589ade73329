#include <cstdlib>

#include "common/not_written.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"
#include "part_b/proactor.h"

// STUDENT: The same manners as Part A's main(), and another engine. In this order:
//   block the signals, read the command line     as in part_a/server.cpp
//   proactor_create(); errno says why not         the reason on stderr, exit status 1
//   print "Listening on port: [PORT] ..."         proactor_port()
//   a thread that runs proactor_thread()
//   wait for the signal; then end and destroy     in which order? Read the end of proactor.h
// Check: builds, uses_the_library, starts_and_says_where_it_listens, fan_out_reaches_everyone_else.
// Then log who joins, who leaves, and what is said: in the library, or here with callbacks, which
// run on the loop and must not block. Check: logs_joins_leaves_and_messages.
int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        lab::not_written("part_c/main, main()", argc, argv, &proactor_create);
        return EXIT_FAILURE;
    });
}
