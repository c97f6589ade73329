// What server and client share: the layout of the segments, and small tools for both.
#ifndef SHARED_H
#define SHARED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    MAGIC = 0x0c5ea701,
    SEATS = 200,
    BELLS = 64,
    NAME_MAX_ = 31,
    NAME_FIELD = 64,    // longer than a name may be, so that the server can see that one is too long
    TEXT_SIZE = 4096,
    REPLY_SIZE = 12288, // a list of all seats fits
    TICK_MS = 400       // how often everybody looks whether the other side lives
};

enum seat_state { FREE, ASKING, REFUSED, IN_USE, LEFT };
enum action { SEND = 1, LIST, UNREGISTER };

// A process: its pid alone could be somebody else's by now.
struct life {
    pid_t pid;
    unsigned long long start;
};

// All locks are in the connect segment: what a client scribbles into its comm segment cannot break a mutex of the server.
struct seat {
    pthread_mutex_t lock;
    pthread_cond_t requested, replied, mailed, taken;
    atomic_int state;
    struct life client;
    uint32_t name_size;
    char name[NAME_FIELD];
    uint32_t key;
    char reason[96];
};

struct connect_segment {
    atomic_uint magic; // written last
    struct life server;
    pthread_mutex_t door;       // who chooses a seat
    pthread_cond_t bell[BELLS]; // only the one of bell_now is used; who inherits the door takes the next, as this may be broken
    atomic_uint bell_now;
    bool knocked;
    struct seat seats[SEATS];
};

// Plain data, guarded by the lock of the seat. The client may write anything here.
struct comm_segment {
    uint32_t request_ready, action, key, size;
    char text[TEXT_SIZE];
    uint32_t reply_ready, reply_good, reply_size;
    char reply[REPLY_SIZE];
    uint32_t mail_full, mail_closed, mail_size;
    char mail_from[NAME_MAX_ + 1];
    char mail[TEXT_SIZE];
};

struct life life_of(pid_t pid);
bool lives(struct life who);

bool is_name(const char *bytes, size_t size);
void connect_name(char *out, size_t size, const char *channel);
void comm_name(char *out, size_t size, const char *channel, uint32_t key);

void shared_mutex(pthread_mutex_t *mutex);
void shared_cond(pthread_cond_t *cond);
struct timespec in_ms(long ms);
#endif
