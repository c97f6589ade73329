// The shared memory: a room with seats, and two boxes for each client.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SEATS = 250, TEXT = 4096, BOX = 12000, TICK = 400, LIST = 0, QUIT = -1 };
enum { FREE, ASK, NO, YES };                       // a seat
enum { EMPTY, FULL, REPLY, CLOSED };               // a box
struct seat { pthread_mutex_t life; atomic_uint state; unsigned key, size; char name[64], why[32]; };
struct room { atomic_uint up, bell; pthread_mutex_t life; struct seat seat[SEATS]; };
struct box { atomic_uint full; int what; atomic_uint size; char text[BOX]; };
struct comm { struct box request, mail; };

static inline void sleep_on(atomic_uint *word, unsigned seen, long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    if (ms > 0) syscall(SYS_futex, word, FUTEX_WAIT, seen, &t, NULL, 0);
}
static inline void wake(atomic_uint *word) { syscall(SYS_futex, word, FUTEX_WAKE, 1000, NULL, NULL, 0); }
static inline void set(atomic_uint *word, unsigned value) { *word = value; wake(word); }
// Who lives keeps his life locked; the kernel gives it back.
static inline int take(pthread_mutex_t *life) {
    int e = pthread_mutex_trylock(life);
    if (e == EOWNERDEAD) pthread_mutex_consistent(life);
    return e == 0 || e == EOWNERDEAD;
}
static inline int good_name(const char *s, size_t n) {
    const char *ok = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return n > 0 && n < 32 && !memchr(s, 0, n) && strspn(s, ok) >= n;
}
static inline void path_of(char *out, const char *channel, unsigned key) {
    sprintf(out, key ? "/tiny.%s.%u" : "/tiny.%s", channel, key);
}
