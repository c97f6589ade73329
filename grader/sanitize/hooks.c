/* Linked into every program that is built with a sanitizer: what the tools of this compiler do not
 * see themselves. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

extern void __lsan_do_leak_check(void) __attribute__((weak));

/* LeakSanitizer looks for leaks in exit() alone; who ends with _exit() is looked at too. */
static void end_now(int status) {
    void (*next)(int) = (void (*)(int))dlsym(RTLD_NEXT, "_exit");
    if (__lsan_do_leak_check)
        __lsan_do_leak_check();
    next(status);
    abort(); /* it never comes back */
}

void _exit(int status) {
    end_now(status);
    for (;;) {
    }
}
void _Exit(int status) {
    end_now(status);
    for (;;) {
    }
}

/* ThreadSanitizer knows the locks that wait until a time of CLOCK_REALTIME only. */
static struct timespec in_real_time(clockid_t clock, const struct timespec* until) {
    struct timespec now, real;
    clock_gettime(clock, &now);
    clock_gettime(CLOCK_REALTIME, &real);
    long long nanoseconds = (real.tv_sec + until->tv_sec - now.tv_sec) * 1000000000LL +
                            real.tv_nsec + until->tv_nsec - now.tv_nsec;
    if (nanoseconds < 0)
        nanoseconds = 0;
    return (struct timespec){nanoseconds / 1000000000, nanoseconds % 1000000000};
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clockid,
                            const struct timespec* abstime) {
    struct timespec real = in_real_time(clockid, abstime);
    return pthread_mutex_timedlock(mutex, &real);
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clockid,
                               const struct timespec* abstime) {
    struct timespec real = in_real_time(clockid, abstime);
    return pthread_rwlock_timedrdlock(lock, &real);
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clockid,
                               const struct timespec* abstime) {
    struct timespec real = in_real_time(clockid, abstime);
    return pthread_rwlock_timedwrlock(lock, &real);
}
