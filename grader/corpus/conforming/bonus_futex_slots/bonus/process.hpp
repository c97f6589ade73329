// Processes that may die: a pid with its start time, and a pidfd to wait on.
#pragma once

#include <cstdint>

#include <sys/types.h>

uint64_t start_time(pid_t pid);

// A pidfd of exactly that process, or -1 if it does not live any more.
int watch_process(pid_t pid, uint64_t start);

bool has_ended(int pidfd);
