// Tools of both programs: who lives, what is a name, how locks are made.
#include "shared.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

// State and start time from /proc; a zombie does not live, though its pid does.
struct life life_of(pid_t pid)
{
    struct life none = {0, 0};
    char path[40], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return none;
    size_t size = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[size] = '\0';

    char *rest = strrchr(line, ')');
    char state;
    unsigned long long start;
    if (!rest || sscanf(rest + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                        &state, &start) != 2)
        return none;
    if (state == 'Z' || state == 'X' || state == 'x')
        return none;
    return (struct life){pid, start};
}

bool lives(struct life who)
{
    if (who.pid <= 0)
        return false;
    struct life now = life_of(who.pid);
    return now.pid == who.pid && now.start == who.start;
}

bool is_name(const char *bytes, size_t size)
{
    if (size < 1 || size > NAME_MAX_)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c >= 128 || (!isalnum(c) && c != '_' && c != '-'))
            return false;
    }
    return true;
}

void connect_name(char *out, size_t size, const char *channel)
{
    snprintf(out, size, "/oneseg.%s", channel);
}

void comm_name(char *out, size_t size, const char *channel, uint32_t key)
{
    snprintf(out, size, "/oneseg.%s.%u", channel, key);
}

void shared_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    memset(mutex, 0, sizeof *mutex);
    pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
}

void shared_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    memset(cond, 0, sizeof *cond);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

struct timespec in_ms(long ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}
