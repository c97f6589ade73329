// The server: a door thread, and a worker for each client.
#include "tiny.h"
#include <dirent.h>

static struct room *room;
static const char *channel = "lab";
static struct { atomic_uint key; char name[32]; struct comm *comm; pthread_mutex_t put; } member[SEATS];
static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;

static void note(const char *name, const char *action, const char *result) {
    char when[20];
    time_t now = time(NULL);
    struct tm tm;
    strftime(when, sizeof when, "%T", localtime_r(&now, &tm));
    printf("%s %s %s: %s\n", when, name, action, result);
    fflush(stdout);
}

static void *make(int fd, size_t size) {
    fchmod(fd, 0600);
    if (posix_fallocate(fd, 0, size)) return NULL;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *put(int from, unsigned key, const char *text, size_t size) {
    long end = now_ms() + 1000;
    struct timespec until = {end / 1000, end % 1000 * 1000000};
    int to = 0;
    while (to < SEATS && (key == 0 || member[to].key != key)) to++;
    if (to == SEATS) return "no such key";
    if (pthread_mutex_clocklock(&member[to].put, CLOCK_MONOTONIC, &until)) return "full";
    const char *problem = NULL;
    for (struct box *box = member[to].comm ? &member[to].comm->mail : NULL;;) {
        unsigned full = 0;
        if (member[to].key != key) problem = "gone";
        else if ((full = box->full) != EMPTY && now_ms() >= end) problem = "full";
        else if (full == EMPTY) {
            int n = sprintf(box->text, "from %s: ", member[from].name);
            memcpy(box->text + n, text, size);
            box->size = n + size;
            set(&box->full, FULL);
        } else {
            sleep_on(&box->full, full, end - now_ms());
            continue;
        }
        break;
    }
    pthread_mutex_unlock(&member[to].put);
    return problem;
}

// Name and key are free; returns when nobody puts any more.
static void leave(int i) {
    char path[64];
    pthread_mutex_lock(&registry);
    path_of(path, channel, member[i].key);
    shm_unlink(path);
    member[i].key = 0;
    pthread_mutex_unlock(&registry);
    pthread_mutex_lock(&member[i].put);
    pthread_mutex_unlock(&member[i].put);
}

static void *worker(void *arg) {
    int i = (long)arg, left = 0;
    struct seat *seat = &room->seat[i];
    struct comm *c = member[i].comm;
    char *text = malloc(BOX);
    while (!left) {
        unsigned full = c->request.full;
        if (full != FULL) {
            sleep_on(&c->request.full, full, TICK);
            continue;
        }
        int what = c->request.what;
        unsigned size = c->request.size, n = 0;
        const char *problem = NULL, *action = "send";
        memcpy(text, c->request.text, TEXT);
        if (what == QUIT) {
            action = "unregister", left = 1;
            leave(i);
            while ((full = c->mail.full) != EMPTY) sleep_on(&c->mail.full, full, TICK);
            set(&c->mail.full, CLOSED);
        } else if (what == LIST) {
            action = "list";
            pthread_mutex_lock(&registry);
            for (int k = 0; k < SEATS; k++)
                if (member[k].key) n += sprintf(text + n, "%u %s\n", member[k].key, member[k].name);
            pthread_mutex_unlock(&registry);
            memcpy(c->request.text, text, n);
        } else if (size > TEXT || memchr(text, '\n', size)) {
            problem = "no";
        } else {
            problem = put(i, what, text, size);
        }
        note(member[i].name, action, problem ? problem : "ok");
        if (problem) n = sprintf(c->request.text, "error: %s\n", problem);
        c->request.what = !problem;
        c->request.size = n;
        set(&c->request.full, REPLY);
    }
    free(text);
    pthread_mutex_lock(&member[i].put);
    munmap(c, sizeof *c);
    member[i].comm = NULL;
    pthread_mutex_unlock(&member[i].put);
    seat->state = FREE;
    return NULL;
}

static const char *enter(int i, char *name) {
    static unsigned last;
    char path[64];
    unsigned size = room->seat[i].size;
    memcpy(name, room->seat[i].name, 64);
    name[63] = 0;
    if (size > 31 || !good_name(name, size)) return strcpy(name, "?"), "bad name";
    name[size] = 0;
    for (int k = 0; k < SEATS; k++)
        if (member[k].key && !strcmp(member[k].name, name)) return "taken";
    path_of(path, channel, ++last);
    int fd = shm_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    pthread_t thread;
    if (fd < 0) return "no memory";
    member[i].comm = make(fd, sizeof *member[i].comm);
    close(fd);
    strcpy(member[i].name, name);
    room->seat[i].key = last;
    if (member[i].comm && !pthread_create(&thread, NULL, worker, (void *)(long)i)) { // it waits for a request: later
        pthread_detach(thread);
        member[i].key = last;
        return NULL;
    }
    shm_unlink(path);
    return "no memory";
}

static void *door(void *arg) {
    char name[64];
    for (;;) {
        unsigned bell = room->bell;
        for (int i = 0; i < SEATS; i++) {
            struct seat *seat = &room->seat[i];
            if (seat->state == ASK) {
                pthread_mutex_lock(&registry);
                const char *why = enter(i, name);
                pthread_mutex_unlock(&registry);
                note(name, "register", why ? why : "ok");
                if (why) strcpy(seat->why, why);
                set(&seat->state, why ? NO : YES);
            }
        }
        sleep_on(&room->bell, bell, TICK);
    }
    return arg;
}

int main(int argc, char **argv) {
    if (argc > 1) channel = argv[1];
    if (argc > 2 || !good_name(channel, strlen(channel))) return fprintf(stderr, "usage: server [channel-name]\n"), 2;
    char path[64], file[80];
    path_of(path, channel, 0);
    sprintf(file, "/dev/shm%s", path);
    signal(SIGPIPE, SIG_IGN);
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);

    while (!room) { // the file that has the name and is locked makes its owner the server; a used one is a left-over
        struct stat mine, named;
        int fd = shm_open(path, O_RDWR | O_CREAT, 0600);
        if (fd < 0) return perror("server"), 1;
        if (flock(fd, LOCK_EX | LOCK_NB)) return fprintf(stderr, "server: runs already\n"), 1;
        int same = !fstat(fd, &mine) && !stat(file, &named) && mine.st_ino == named.st_ino;
        if (same && mine.st_size == 0) {
            if (!(room = make(fd, sizeof *room))) return shm_unlink(path), fprintf(stderr, "server: no memory\n"), 1;
            break;
        }
        if (same) shm_unlink(path);
        close(fd);
    }
    DIR *dir = opendir("/dev/shm");
    strcat(file, ".");
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (!strncmp(e->d_name, file + 9, strlen(file + 9))) shm_unlink(e->d_name);

    pthread_mutexattr_t robust;
    pthread_mutexattr_init(&robust);
    pthread_mutexattr_setpshared(&robust, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&room->life, &robust);
    pthread_mutex_lock(&room->life);
    for (int i = 0; i < SEATS; i++)
        pthread_mutex_init(&room->seat[i].life, &robust), pthread_mutex_init(&member[i].put, NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, door, NULL);
    room->up = 1;
    printf("Listening on channel: [%s]\n", channel);
    fflush(stdout);
    int sig;
    sigwait(&stop, &sig);
    pthread_mutex_lock(&registry);
    shm_unlink(path);
    for (int i = 0; i < SEATS; i++)
        if (member[i].key) path_of(path, channel, member[i].key), shm_unlink(path);
    _exit(0);
}
