// The chat client of Part A: what is typed goes to the server, what comes back goes to the screen.
#include <cstdlib>

#include "common/not_written.hpp"
#include "common/run_main.hpp"

int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        lab::not_written("part_a/client, main()", argc, argv);
        return EXIT_FAILURE;
    });
}
