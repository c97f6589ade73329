#include <cerrno>

#include "common/not_written.hpp"

// STUDENT: Each void* is a proactor of your own making: give it a class, with the descriptors and
// their handlers, a lab::Proactor that waits (async_readable) and a ThreadExecutor that runs the
// handlers. In small steps:
//  1. create, add, remove and their errors. Check: errors_are_minus_one.
//  2. run and cancel. Checks: cancel_ends_the_run, cancel_before_run_is_remembered.
//  3. A descriptor is readable: run its handler in a thread. Until that has returned, it must
//     not be watched: it still is readable. Check: handler_runs_when_there_is_something_to_read.
//  4. remove while a handler runs, and the same number added again: how do you tell the two apart?
//     Check: removed_is_removed.
// No exception may leave these functions. Tests: make unit T='StProactor*'

namespace {

int not_written(const char* what) {
    lab::not_written(what);
    errno = ENOSYS;
    return -1;
}

}  // namespace

void* createProactor() {
    not_written("createProactor");
    return nullptr;
}

int addFD2Proactor(void*, int, handler_t) {
    return not_written("addFD2Proactor");
}

int removeHandler(void*, int) {
    return not_written("removeHandler");
}

int runProactor(void*) {
    return not_written("runProactor");
}

int cancelProactor(void*) {
    return not_written("cancelProactor");
}

void destroyProactor(void*) {
    not_written("destroyProactor");
}
