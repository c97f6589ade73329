// The server: a door thread that registers and looks who has died, and for each client a worker and a mailman.
#include "shared.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_MAX = 64, FULL_MS = 1000 };

struct message {
    struct message *next;
    size_t size;
    char from[NAME_MAX_ + 1];
    char text[];
};

// What the server knows of the client on a seat; the client sees nothing of it.
struct member {
    pthread_mutex_t lock; // of the queue
    pthread_cond_t changed;
    bool listed;          // under the registry
    int users;            // under the registry: threads that may touch this
    bool used;            // only the door thread
    atomic_bool gone;     // the client has died
    bool open, drained;
    struct message *first, *last;
    int waiting;
    uint32_t key;
    char name[NAME_MAX_ + 1];
    char segment[80];
    struct comm_segment *comm;
};

static const char *channel = "lab";
static char connect_path[80];
static struct connect_segment *conn;
static struct member members[SEATS];
static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static uint32_t last_key = 1000;
static atomic_uint door_ticks;

static void say(const char *name, const char *format, ...)
{
    char when[32], what[256];
    time_t now = time(NULL);
    struct tm tm;
    strftime(when, sizeof when, "%F %T", localtime_r(&now, &tm));
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    printf("%s %s: %s\n", when, name, what); // stdio locks stdout for one call
    fflush(stdout);
}

// ---- segments ----

static void *make_segment(const char *path, size_t size)
{
    shm_unlink(path);
    int fd = shm_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return NULL;
    fchmod(fd, 0600);
    void *at = MAP_FAILED;
    if (posix_fallocate(fd, 0, (off_t)size) == 0)
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED) {
        shm_unlink(path);
        return NULL;
    }
    return at;
}

static void remove_left_over_comms(void)
{
    char prefix[80];
    size_t size = (size_t)snprintf(prefix, sizeof prefix, "oneseg.%s.", channel);
    DIR *dir = opendir("/dev/shm");
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strncmp(entry->d_name, prefix, size) == 0) {
            char path[300];
            snprintf(path, sizeof path, "/%s", entry->d_name);
            shm_unlink(path);
        }
    closedir(dir);
}

// The server of a channel is who holds the lock of the file that has the name now.
static bool become_server(void)
{
    for (;;) {
        int fd = shm_open(connect_path, O_RDWR | O_CREAT, 0600);
        if (fd < 0) {
            perror("server: connect channel");
            return false;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            fprintf(stderr, "server: another server runs on channel %s\n", channel);
            return false;
        }
        struct stat mine, named;
        char path[100];
        snprintf(path, sizeof path, "/dev/shm%s", connect_path);
        if (fstat(fd, &mine) != 0 || stat(path, &named) != 0 || mine.st_ino != named.st_ino) {
            close(fd);
            continue;
        }
        if (mine.st_size > 0) { // of a server that was killed
            shm_unlink(connect_path);
            close(fd);
            continue;
        }
        fchmod(fd, 0600);
        if (posix_fallocate(fd, 0, sizeof *conn) != 0) {
            fprintf(stderr, "server: no room in /dev/shm\n");
            shm_unlink(connect_path);
            return false;
        }
        conn = mmap(NULL, sizeof *conn, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return conn != MAP_FAILED; // fd stays open: its lock
    }
}

static void fresh_seat(struct seat *seat)
{
    shared_mutex(&seat->lock);
    shared_cond(&seat->requested);
    shared_cond(&seat->replied);
    shared_cond(&seat->mailed);
    shared_cond(&seat->taken);
    seat->client = (struct life){0, 0};
    atomic_store(&seat->state, FREE);
}

// ---- locks that a client may die with ----

// False if the client has died with the lock.
static bool lock_seat(struct seat *seat)
{
    int rc = pthread_mutex_lock(&seat->lock);
    if (rc == EOWNERDEAD) {
        pthread_mutex_consistent(&seat->lock);
        pthread_mutex_unlock(&seat->lock);
    }
    return rc == 0;
}

// Sleeps a tick at most. False, and unlocked, if the client has died.
static bool wait_seat(struct seat *seat, struct member *m, pthread_cond_t *cond)
{
    struct timespec until = in_ms(TICK_MS);
    int rc = pthread_cond_timedwait(cond, &seat->lock, &until);
    if (rc == EOWNERDEAD)
        pthread_mutex_consistent(&seat->lock);
    if (rc == EOWNERDEAD || m->gone) {
        pthread_mutex_unlock(&seat->lock);
        return false;
    }
    return true;
}

// ---- the registry ----

static struct member *by_key(uint32_t key)
{
    struct member *found = NULL;
    pthread_mutex_lock(&registry);
    for (int i = 0; i < SEATS && !found; i++)
        if (members[i].listed && members[i].key == key) {
            found = &members[i];
            found->users++;
        }
    pthread_mutex_unlock(&registry);
    return found;
}

static void let_go(struct member *m)
{
    pthread_mutex_lock(&registry);
    m->users--;
    pthread_mutex_unlock(&registry);
}

static void unlist(struct member *m)
{
    pthread_mutex_lock(&registry);
    if (m->listed)
        shm_unlink(m->segment);
    m->listed = false;
    pthread_mutex_unlock(&registry);
    pthread_mutex_lock(&m->lock);
    m->open = false;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

// ---- mail ----

static const char *put_mail(struct member *to, const char *from, const char *text, size_t size)
{
    struct message *message = malloc(sizeof *message + size);
    if (!message)
        return "no memory";
    message->next = NULL;
    message->size = size;
    strcpy(message->from, from);
    memcpy(message->text, text, size);

    const char *problem = NULL;
    struct timespec until = in_ms(FULL_MS);
    pthread_mutex_lock(&to->lock);
    while (to->open && to->waiting >= QUEUE_MAX && !problem)
        if (pthread_cond_timedwait(&to->changed, &to->lock, &until) == ETIMEDOUT && to->waiting >= QUEUE_MAX)
            problem = "inbox is full";
    if (!to->open)
        problem = "the owner of the key has gone";
    if (!problem) {
        if (to->last)
            to->last->next = message;
        else
            to->first = message;
        to->last = message;
        to->waiting++;
        pthread_cond_broadcast(&to->changed);
    }
    pthread_mutex_unlock(&to->lock);
    if (problem)
        free(message);
    return problem;
}

// The next message, or NULL when the client has gone, or has left and all is delivered.
static struct message *next_mail(struct member *m)
{
    pthread_mutex_lock(&m->lock);
    while (m->open && !m->first && !m->gone)
        pthread_cond_wait(&m->changed, &m->lock);
    struct message *message = m->gone ? NULL : m->first;
    if (message) {
        m->first = message->next;
        if (!m->first)
            m->last = NULL;
        m->waiting--;
        pthread_cond_broadcast(&m->changed);
    }
    pthread_mutex_unlock(&m->lock);
    return message;
}

// Waits until the client has taken the last message; with true the seat is locked.
static bool slot_is_empty(struct seat *seat, struct member *m)
{
    if (!lock_seat(seat))
        return false;
    while (m->comm->mail_full)
        if (!wait_seat(seat, m, &seat->taken))
            return false;
    return true;
}

static void *mailman(void *arg)
{
    struct member *m = arg;
    struct seat *seat = &conn->seats[m - members];
    struct comm_segment *comm = m->comm;
    for (struct message *message; (message = next_mail(m)); free(message)) {
        if (!slot_is_empty(seat, m)) {
            free(message);
            break;
        }
        comm->mail_size = (uint32_t)message->size;
        memcpy(comm->mail_from, message->from, sizeof comm->mail_from);
        memcpy(comm->mail, message->text, message->size);
        comm->mail_full = 1;
        pthread_cond_signal(&seat->mailed);
        pthread_mutex_unlock(&seat->lock);
    }
    if (!m->gone && slot_is_empty(seat, m)) {
        comm->mail_closed = 1;
        pthread_cond_signal(&seat->mailed);
        pthread_mutex_unlock(&seat->lock);
    }
    pthread_mutex_lock(&m->lock);
    m->drained = true;
    while (m->first) {
        struct message *message = m->first;
        m->first = message->next;
        free(message);
    }
    m->last = NULL;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    let_go(m);
    return NULL;
}

// ---- requests ----

struct request {
    uint32_t action, key, size;
    char text[TEXT_SIZE];
};

struct reply {
    bool good;
    size_t size;
    char text[REPLY_SIZE];
};

static void answer(struct reply *reply, bool good, const char *text)
{
    reply->good = good;
    reply->size = strlen(text);
    memcpy(reply->text, text, reply->size);
}

static void do_send(struct member *m, const struct request *r, struct reply *reply)
{
    if (r->size > TEXT_SIZE || memchr(r->text, '\n', r->size)) {
        answer(reply, false, "the text is too long, or more than a line");
    } else {
        struct member *to = by_key(r->key);
        const char *problem = to ? put_mail(to, m->name, r->text, r->size) : "nobody has that key";
        answer(reply, !problem, problem ? problem : "");
        if (to)
            let_go(to);
    }
    say(m->name, "send of %u bytes to %u: %.*s", r->size, r->key, reply->good ? 2 : (int)reply->size,
        reply->good ? "ok" : reply->text);
}

static void do_list(struct member *m, struct reply *reply)
{
    int count = 0;
    reply->good = true;
    reply->size = 0;
    pthread_mutex_lock(&registry);
    for (int i = 0; i < SEATS; i++)
        if (members[i].listed) {
            reply->size += (size_t)sprintf(reply->text + reply->size, "%u %s\n", members[i].key, members[i].name);
            count++;
        }
    pthread_mutex_unlock(&registry);
    say(m->name, "list: ok, %d clients", count);
}

static void do_unregister(struct member *m, struct reply *reply)
{
    unlist(m);
    pthread_mutex_lock(&m->lock);
    while (!m->drained)
        pthread_cond_wait(&m->changed, &m->lock);
    pthread_mutex_unlock(&m->lock);
    answer(reply, true, "");
    say(m->name, "unregister: ok");
}

static bool take_request(struct member *m, struct seat *seat, struct request *r)
{
    if (!lock_seat(seat))
        return false;
    struct comm_segment *comm = m->comm;
    while (!comm->request_ready)
        if (!wait_seat(seat, m, &seat->requested))
            return false;
    comm->request_ready = 0;
    memcpy(r, &comm->action, sizeof *r); // once: the client could change it under our eyes
    pthread_mutex_unlock(&seat->lock);
    return true;
}

static void *worker(void *arg)
{
    struct member *m = arg;
    struct seat *seat = &conn->seats[m - members];
    struct request *r = malloc(sizeof *r);
    struct reply *reply = malloc(sizeof *reply);
    bool leaves = false;
    while (!leaves && take_request(m, seat, r)) {
        switch (r->action) {
        case SEND: do_send(m, r, reply); break;
        case LIST: do_list(m, reply); break;
        case UNREGISTER: do_unregister(m, reply); leaves = true; break;
        default: answer(reply, false, "no such request"); say(m->name, "request %u: unknown", r->action);
        }
        if (!lock_seat(seat))
            break;
        m->comm->reply_good = reply->good;
        m->comm->reply_size = (uint32_t)reply->size;
        memcpy(m->comm->reply, reply->text, reply->size);
        m->comm->reply_ready = 1;
        pthread_cond_signal(&seat->replied);
        pthread_mutex_unlock(&seat->lock);
    }
    free(r);
    free(reply);
    let_go(m);
    return NULL;
}

// ---- the door ----

static void refuse(struct seat *seat, const char *shown, const char *reason)
{
    strcpy(seat->reason, reason);
    say(shown, "register: %s", reason);
    atomic_store(&seat->state, REFUSED);
}

// Under the registry.
static const char *enter(struct member *m, const char *name)
{
    for (int i = 0; i < SEATS; i++)
        if (members[i].listed && strcmp(members[i].name, name) == 0)
            return "the name is taken";
    m->key = ++last_key;
    strcpy(m->name, name);
    comm_name(m->segment, sizeof m->segment, channel, m->key);
    m->comm = make_segment(m->segment, sizeof *m->comm);
    if (!m->comm)
        return "no room for a channel";
    m->gone = m->drained = false;
    m->open = m->used = m->listed = true;
    m->waiting = 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, m) == 0) {
        pthread_detach(thread);
        m->users++;
        if (pthread_create(&thread, NULL, mailman, m) == 0) {
            pthread_detach(thread);
            m->users++;
            return NULL;
        }
    }
    m->listed = m->open = false;
    m->gone = true;
    shm_unlink(m->segment);
    return "no more threads";
}

static void register_client(struct seat *seat, struct member *m)
{
    char name[NAME_FIELD];
    size_t size = seat->name_size;
    memcpy(name, seat->name, sizeof name);
    if (size >= sizeof name || !is_name(name, size)) {
        refuse(seat, "?", "a name has 1 to 31 letters, digits, _ or -");
        return;
    }
    name[size] = '\0';
    pthread_mutex_lock(&registry);
    const char *problem = m->used ? "try again" : enter(m, name);
    pthread_mutex_unlock(&registry);
    if (problem) {
        refuse(seat, name, problem);
    } else {
        seat->key = m->key;
        say(name, "register: ok, key %u", m->key);
        atomic_store(&seat->state, IN_USE);
    }
}

static void tell_asker(struct seat *seat)
{
    if (lock_seat(seat)) {
        pthread_cond_signal(&seat->replied);
        pthread_mutex_unlock(&seat->lock);
    }
}

static void look_at(int i, bool who_lives)
{
    struct seat *seat = &conn->seats[i];
    struct member *m = &members[i];
    int state = atomic_load(&seat->state);
    if (state == FREE)
        return;
    if (state == ASKING) {
        register_client(seat, m);
        tell_asker(seat);
        return;
    }
    if (state != LEFT && (!who_lives || lives(seat->client)))
        return;
    if (state == IN_USE && !m->gone) { // it has died; or LEFT will come with the next look
        if (m->listed)
            say(m->name, "has died: name and key are free");
        m->gone = true;
        unlist(m);
    }
    pthread_mutex_lock(&registry);
    bool idle = m->users == 0;
    if (idle && m->used) {
        munmap(m->comm, sizeof *m->comm);
        m->used = false;
    }
    pthread_mutex_unlock(&registry);
    if (idle)
        fresh_seat(seat);
}

static void wait_at_the_door(void)
{
    struct timespec until = in_ms(TICK_MS);
    int rc = pthread_mutex_clocklock(&conn->door, CLOCK_MONOTONIC, &until);
    if (rc == EOWNERDEAD) {
        pthread_mutex_consistent(&conn->door);
        conn->bell_now++;
    } else if (rc != 0) {
        return; // somebody keeps the door: look around all the same
    }
    rc = 0;
    while (!conn->knocked && rc == 0)
        rc = pthread_cond_timedwait(&conn->bell[conn->bell_now % BELLS], &conn->door, &until);
    if (rc == EOWNERDEAD) {
        pthread_mutex_consistent(&conn->door);
        conn->bell_now++;
    }
    conn->knocked = false;
    pthread_mutex_unlock(&conn->door);
}

static void *door_keeper(void *arg)
{
    (void)arg;
    struct timespec last = {0, 0};
    unsigned mine = door_ticks;
    for (;;) {
        wait_at_the_door();
        if (!atomic_compare_exchange_strong(&door_ticks, &mine, mine + 1))
            return NULL; // it has taken so long that there is another keeper
        mine++;
        struct timespec now = in_ms(0);
        bool tick = (now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000 >= TICK_MS;
        if (tick)
            last = now;
        for (int i = 0; i < SEATS; i++)
            look_at(i, tick);
    }
}

static void start_door_keeper(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, door_keeper, NULL) == 0)
        pthread_detach(thread);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        channel = argv[1];
    if (argc > 2 || !is_name(channel, strlen(channel))) {
        fprintf(stderr, "usage: server [channel-name]\n  a channel name has 1 to 31 letters, digits, _ or -\n");
        return 2;
    }
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);

    connect_name(connect_path, sizeof connect_path, channel);
    if (!become_server())
        return 1;
    remove_left_over_comms();
    conn->server = life_of(getpid());
    shared_mutex(&conn->door);
    for (int i = 0; i < BELLS; i++)
        shared_cond(&conn->bell[i]);
    for (int i = 0; i < SEATS; i++) {
        fresh_seat(&conn->seats[i]);
        pthread_mutex_init(&members[i].lock, NULL);
        pthread_condattr_t attr;
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&members[i].changed, &attr);
    }
    start_door_keeper();
    atomic_store(&conn->magic, MAGIC);
    printf("Listening on channel: [%s]\n", channel);
    fflush(stdout);

    // A client that dies inside a condition variable could keep the door thread for ever: then another takes over.
    unsigned seen = door_ticks;
    int still = 0;
    struct timespec tick = {0, TICK_MS * 1000000L};
    while (sigtimedwait(&stop, NULL, &tick) < 0) {
        still = seen == door_ticks ? still + 1 : 0;
        if (still >= 3) {
            door_ticks++;
            start_door_keeper();
            still = 0;
        }
        seen = door_ticks;
    }

    pthread_mutex_lock(&registry); // and keep it: nobody makes a segment any more
    for (int i = 0; i < SEATS; i++)
        if (members[i].listed)
            shm_unlink(members[i].segment);
    shm_unlink(connect_path);
    say("server", "stopped");
    _exit(0);
}
