/* Linked into every program that is built with ThreadSanitizer: its threads take turns as a seed
 * says.
 *
 * A race is seen only where no lock, by chance, has put the two accesses in an order; so threads
 * wait now and then when they begin and around calls that put them in an order. Whether and how
 * long depends on the seed, the thread's place among its siblings, and how many such calls it has
 * made before. They wait by the system call alone: any function of the C library's threads would
 * put them in an order too, and hide what is looked for.
 *
 * The seed is the number in LAB_SEED, which is gone before main() begins; without it, or with 0,
 * nobody waits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What the tool has put in these functions' place, wherever its own library is linked from. */
#define REAL(result, name, ...) extern result __interceptor_##name(__VA_ARGS__)

REAL(int, pthread_create, pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
REAL(int, pthread_mutex_lock, pthread_mutex_t*);
REAL(int, pthread_mutex_unlock, pthread_mutex_t*);
REAL(int, pthread_rwlock_rdlock, pthread_rwlock_t*);
REAL(int, pthread_rwlock_wrlock, pthread_rwlock_t*);
REAL(int, pthread_rwlock_unlock, pthread_rwlock_t*);
REAL(int, close, int);
REAL(int, accept, int, struct sockaddr*, socklen_t*);
REAL(ssize_t, recv, int, void*, size_t, int);
REAL(ssize_t, read, int, void*, size_t);
REAL(ssize_t, send, int, const void*, size_t, int);
REAL(ssize_t, write, int, const void*, size_t);

/* The longest waits, and how often somebody who dawdles waits: once in so many steps. */
enum { start_us = 40000, step_us = 8000, odds = 4 };

static uint64_t seed;
static __thread uint64_t self = 1, steps, children;

__attribute__((constructor(101))) static void take_seed(void) {
    char* word = getenv("LAB_SEED");
    if (word == NULL)
        return;
    seed = strtoull(word, NULL, 10);
    memset(word, '0', strlen(word));
    unsetenv("LAB_SEED");
}

static uint64_t mixed(uint64_t a, uint64_t b) {
    uint64_t x = a * 0x9e3779b97f4a7c15u + b;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void wait_us(uint64_t us) {
    static int nobody_changes_it;
    int error = errno;
    struct timespec time = {0, (long)us * 1000}; /* less than a second */
    syscall(SYS_futex, &nobody_changes_it, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0);
    errno = error;
}

/* Half of the threads dawdle: those often let others go first. */
static void take_turn(void) {
    if (seed == 0)
        return;
    uint64_t one_in = mixed(seed, self) % 2 ? odds : 4 * odds;
    uint64_t luck = mixed(seed ^ self, ++steps);
    if (luck % one_in == 0)
        wait_us((luck >> 20) % step_us);
}

struct beginning {
    void* (*routine)(void*);
    void* argument;
    uint64_t self;
};

static void* begin(void* argument) {
    struct beginning its = *(struct beginning*)argument;
    free(argument);
    self = its.self;
    uint64_t luck = mixed(seed ^ self, 0);
    if (luck % 2)
        wait_us((luck >> 20) % start_us);
    return its.routine(its.argument);
}

int pthread_create(pthread_t* newthread, const pthread_attr_t* attr, void* (*start_routine)(void*),
                   void* arg) {
    if (seed == 0)
        return __interceptor_pthread_create(newthread, attr, start_routine, arg);
    struct beginning* its = malloc(sizeof *its);
    if (its == NULL)
        return EAGAIN;
    *its = (struct beginning){start_routine, arg, mixed(self, ++children)};
    int error = __interceptor_pthread_create(newthread, attr, begin, its);
    if (error != 0)
        free(its);
    return error;
}

#define BEFORE(result, name, parameters, arguments) \
    result name parameters {                        \
        take_turn();                                \
        return __interceptor_##name arguments;      \
    }
#define AFTER(result, name, parameters, arguments)   \
    result name parameters {                         \
        result got = __interceptor_##name arguments; \
        take_turn();                                 \
        return got;                                  \
    }

BEFORE(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
BEFORE(int, pthread_rwlock_rdlock, (pthread_rwlock_t * rwlock), (rwlock))
BEFORE(int, pthread_rwlock_wrlock, (pthread_rwlock_t * rwlock), (rwlock))
AFTER(int, pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex))
AFTER(int, pthread_rwlock_unlock, (pthread_rwlock_t * rwlock), (rwlock))
BEFORE(int, close, (int fd), (fd))
BEFORE(ssize_t, send, (int fd, const void* buf, size_t n, int flags), (fd, buf, n, flags))
BEFORE(ssize_t, write, (int fd, const void* buf, size_t n), (fd, buf, n))
AFTER(int, accept, (int fd, struct sockaddr* addr, socklen_t* addr_len), (fd, addr, addr_len))
AFTER(ssize_t, recv, (int fd, void* buf, size_t n, int flags), (fd, buf, n, flags))
AFTER(ssize_t, read, (int fd, void* buf, size_t nbytes), (fd, buf, nbytes))
