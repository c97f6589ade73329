#include "part_b/proactor.h"

#include <cerrno>

#include "common/not_written.hpp"

// STUDENT: Everything that belongs to one proactor; there may be many. In small steps:
//  1. create, port, destroy of what was never started. Exceptions must not leave a function that C
//     calls: catch them, and say with errno why. Checks: create_listens_and_starts_no_thread,
//     create_says_why_not, destroy_when_never_started.
//  2. The loop: epoll_source.cpp, then proactor.cpp, each with tests of its own (make unit).
//  3. proactor_thread() runs the loop; it accepts clients and serves them. Write a session of your
//     own for that. It needs no thread: which calls of Part A's session would block the loop, and
//     what takes their place in proactor.hpp? Check: fan_out_reaches_everyone_else.
//  4. proactor_destroy() while the loop runs: it has to end the loop, and know when it has ended.
//     Checks: destroy_stops_everything, destroy_waits_for_the_loop.
struct proactor {};

proactor_t* proactor_create(int port) {
    lab::not_written("proactor_create", port);
    errno = ENOSYS;
    return nullptr;
}

int proactor_port(const proactor_t* proactor) {
    lab::not_written("proactor_port", proactor);
    errno = EINVAL;
    return -1;
}

void* proactor_thread(void* proactor) {
    lab::not_written("proactor_thread", proactor);
    return nullptr;
}

void proactor_stop(proactor_t* proactor) {
    lab::not_written("proactor_stop", proactor);
}

void proactor_destroy(proactor_t* proactor) {
    delete proactor;
}

// STUDENT: What follows is extra: write it when the chat room works, and Part C will be a page.
int proactor_set_callbacks(proactor_t* proactor, const proactor_callbacks_t* callbacks,
                           void* context) {
    lab::not_written("proactor_set_callbacks", proactor, callbacks, context);
    errno = ENOSYS;
    return -1;
}

int proactor_send(proactor_t* proactor, proactor_client_t client, const char* bytes,
                  size_t length) {
    lab::not_written("proactor_send", proactor, client, bytes, length);
    errno = ENOSYS;
    return -1;
}

int proactor_broadcast(proactor_t* proactor, proactor_client_t except, const char* bytes,
                       size_t length) {
    lab::not_written("proactor_broadcast", proactor, except, bytes, length);
    errno = ENOSYS;
    return -1;
}
