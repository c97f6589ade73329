// What an exception that reaches main becomes: a line on stderr and an exit status.
#pragma once

#include <cstdlib>
#include <exception>
#include <iostream>

#include "common/options.hpp"

namespace lab {

// Runs `body`, which returns the exit status. UsageError: 2; any other exception: 1, and what() is
// the reason. Every main of this repository is one call of it.
template <class Body>
int run_main(Body body) {
    try {
        return body();
    } catch (const UsageError& error) {
        std::cerr << error.what() << '\n';
        return 2;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return EXIT_FAILURE;
    }
}

}  // namespace lab
