#include "part_b/st_proactor.hpp"

#include <cstdlib>

#include "common/not_written.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"

// STUDENT: (Extra credit.) A handler for the listener, which accepts a client and adds it with the
// other handler; that one reads from a client and passes on what it says. Handlers of different
// clients run side by side: which data do they share? Who closes a descriptor, and when does
// nobody use it any more? When a client does not read, who waits for it?
// The checks are those of main, on another target: make rubric PART=part_c lists them.
int main(int argc, char* argv[]) {
    return lab::run_main([&] {
        lab::not_written("part_c/st_proactor, main()", argc, argv, &createProactor);
        return EXIT_FAILURE;
    });
}
