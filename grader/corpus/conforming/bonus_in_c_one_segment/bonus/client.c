// The client: the main thread reads the input, one thread prints what arrives, one looks whether the server lives.
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *channel = "lab";
static struct connect_segment *conn;
static struct seat *seat;
static struct comm_segment *comm;
static char my_name[NAME_MAX_ + 1];
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static char *line;
static size_t line_room;

static _Noreturn void server_gone(void)
{
    fprintf(stderr, "client: the server has gone\n");
    struct timespec until; // let a line that is being written be a whole one, but not for ever
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    pthread_mutex_timedlock(&output, &until);
    _exit(1);
}

static void print(const char *start, const char *bytes, size_t size)
{
    pthread_mutex_lock(&output);
    fputs(start, stdout);
    fwrite(bytes, 1, size, stdout);
    putchar('\n');
    fflush(stdout);
    pthread_mutex_unlock(&output);
}

static void print_text(const char *start, const char *text)
{
    print(start, text, strlen(text));
}

static void prompt(const char *text)
{
    if (isatty(0) && isatty(1)) {
        pthread_mutex_lock(&output);
        fputs(text, stdout);
        fflush(stdout);
        pthread_mutex_unlock(&output);
    }
}

// A line without its newline, or false at the end.
static bool read_line(size_t *size)
{
    ssize_t n = getline(&line, &line_room, stdin);
    if (n < 0)
        return false;
    if (n > 0 && line[n - 1] == '\n')
        line[--n] = '\0';
    *size = (size_t)n;
    return true;
}

static void *watcher(void *arg)
{
    (void)arg;
    for (;;) {
        struct timespec tick = {0, TICK_MS * 1000000L};
        nanosleep(&tick, NULL);
        if (!lives(conn->server))
            server_gone();
    }
    return NULL;
}

static void lock_seat(void)
{
    if (pthread_mutex_lock(&seat->lock) != 0)
        server_gone();
}

static void wait_seat(pthread_cond_t *cond)
{
    struct timespec until = in_ms(TICK_MS);
    int rc = pthread_cond_timedwait(cond, &seat->lock, &until);
    if (rc != 0 && rc != ETIMEDOUT)
        server_gone();
}

static void lock_door(void)
{
    int rc = pthread_mutex_lock(&conn->door);
    if (rc == EOWNERDEAD) { // a client has died here, perhaps while ringing: take another bell
        pthread_mutex_consistent(&conn->door);
        conn->bell_now++;
    } else if (rc != 0) {
        server_gone();
    }
}

// Takes a seat if there is none yet, and asks for the name.
static const char *ask(const char *name, size_t size)
{
    lock_door();
    for (int i = 0; i < SEATS && !seat; i++)
        if (atomic_load(&conn->seats[i].state) == FREE)
            seat = &conn->seats[i];
    if (seat) {
        seat->client = life_of(getpid());
        seat->name_size = size < NAME_FIELD ? (uint32_t)size : NAME_FIELD;
        memcpy(seat->name, name, seat->name_size);
        atomic_store(&seat->state, ASKING);
        conn->knocked = true;
        pthread_cond_signal(&conn->bell[conn->bell_now % BELLS]);
    }
    pthread_mutex_unlock(&conn->door);
    if (!seat)
        return "no seat is free";

    lock_seat();
    while (atomic_load(&seat->state) == ASKING)
        wait_seat(&seat->replied);
    pthread_mutex_unlock(&seat->lock);
    return atomic_load(&seat->state) == IN_USE ? NULL : seat->reason;
}

// One request and its reply, which stays in the segment until the next.
static bool request(enum action action, uint32_t key, const char *text, size_t size)
{
    lock_seat();
    comm->action = action;
    comm->key = key;
    comm->size = size <= TEXT_SIZE ? (uint32_t)size : TEXT_SIZE + 1;
    memcpy(comm->text, text, size <= TEXT_SIZE ? size : TEXT_SIZE);
    comm->reply_ready = 0;
    comm->request_ready = 1;
    pthread_cond_signal(&seat->requested);
    while (!comm->reply_ready)
        wait_seat(&seat->replied);
    bool good = comm->reply_good;
    pthread_mutex_unlock(&seat->lock);
    if (!good)
        print("error: ", comm->reply, comm->reply_size);
    return good;
}

static void *printer(void *arg)
{
    (void)arg;
    static char text[TEXT_SIZE];
    for (;;) {
        char start[NAME_MAX_ + 10];
        lock_seat();
        while (!comm->mail_full && !comm->mail_closed)
            wait_seat(&seat->mailed);
        if (!comm->mail_full) {
            pthread_mutex_unlock(&seat->lock);
            return NULL;
        }
        size_t size = comm->mail_size;
        snprintf(start, sizeof start, "from %s: ", comm->mail_from);
        memcpy(text, comm->mail, size);
        comm->mail_full = 0;
        pthread_cond_signal(&seat->taken);
        pthread_mutex_unlock(&seat->lock);
        print(start, text, size);
    }
}

static void do_list(void)
{
    if (!request(LIST, 0, "", 0))
        return;
    pthread_mutex_lock(&output);
    fwrite(comm->reply, 1, comm->reply_size, stdout);
    puts("end of list");
    fflush(stdout);
    pthread_mutex_unlock(&output);
}

static void do_send(const char *rest, size_t size)
{
    const char *end = memchr(rest, ' ', size);
    size_t digits = end ? (size_t)(end - rest) : 0;
    uint64_t key = 0;
    for (size_t i = 0; i < digits; i++) {
        if (rest[i] < '0' || rest[i] > '9' || key > UINT32_MAX) {
            digits = 0;
            break;
        }
        key = key * 10 + (uint64_t)(rest[i] - '0');
    }
    if (digits == 0)
        print_text("error: ", "send KEY TEXT, and the key is a number");
    else if (key > UINT32_MAX)
        print_text("error: ", "nobody has that key");
    else if (request(SEND, (uint32_t)key, end + 1, size - digits - 1))
        print_text("sent", "");
}

// False for quit.
static bool command(size_t size)
{
    if (size == 4 && memcmp(line, "quit", 4) == 0)
        return false;
    if (size == 4 && memcmp(line, "list", 4) == 0)
        do_list();
    else if (size == 4 && memcmp(line, "help", 4) == 0)
        print_text("", "commands: list | send KEY TEXT | help | quit");
    else if (size >= 5 && memcmp(line, "send ", 5) == 0)
        do_send(line + 5, size - 5);
    else if (size == 4 && memcmp(line, "send", 4) == 0)
        do_send("", 0);
    else
        print_text("error: ", "unknown command, try help");
    return true;
}

static void *open_segment(const char *path, size_t size)
{
    int fd = shm_open(path, O_RDWR, 0);
    struct stat status;
    if (fd < 0)
        return NULL;
    void *at = MAP_FAILED;
    if (fstat(fd, &status) == 0 && (size_t)status.st_size >= size)
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return at == MAP_FAILED ? NULL : at;
}

int main(int argc, char **argv)
{
    int next = 1;
    if (argc > 2 && strcmp(argv[1], "--channel") == 0) {
        channel = argv[2];
        next = 3;
    }
    if (argc > next + 1 || !is_name(channel, strlen(channel)) || (argc == 2 && strcmp(argv[1], "--channel") == 0)) {
        fprintf(stderr, "usage: client [--channel channel-name] [name]\n");
        return 2;
    }
    char path[80];
    connect_name(path, sizeof path, channel);
    conn = open_segment(path, sizeof *conn);
    if (!conn || atomic_load(&conn->magic) != MAGIC || !lives(conn->server)) {
        fprintf(stderr, "client: no server on channel %s\n", channel);
        return 1;
    }
    pthread_t watch, print_thread;
    if (pthread_create(&watch, NULL, watcher, NULL) != 0)
        return 1;

    const char *name = next < argc ? argv[next] : NULL;
    size_t size = name ? strlen(name) : 0;
    for (;;) {
        if (!name) {
            prompt("your name: ");
            if (!read_line(&size))
                return 1;
            name = line;
        }
        const char *problem = ask(name, size);
        if (!problem)
            break;
        print_text("error: ", problem);
        name = NULL;
    }
    memcpy(my_name, name, size);
    char registered[80];
    snprintf(registered, sizeof registered, "registered %s %u", my_name, seat->key);
    comm_name(path, sizeof path, channel, seat->key);
    comm = open_segment(path, sizeof *comm);
    if (!comm)
        server_gone();
    print_text(registered, "");
    if (pthread_create(&print_thread, NULL, printer, NULL) != 0)
        return 1;

    do
        prompt("> ");
    while (read_line(&size) && command(size));

    request(UNREGISTER, 0, "", 0);
    pthread_join(print_thread, NULL);
    atomic_store(&seat->state, LEFT);
    print_text("unregistered ", my_name);
    return 0;
}
