// The client: main asks, the other thread prints mail.
#include "tiny.h"

static struct room *room;
static struct seat *seat;
static struct comm nobody, *_Atomic comm = &nobody;
static char *line, me[32];
static size_t size;

static void say(const char *a, const char *b, size_t n) {
    flockfile(stdout);
    fputs(a, stdout);
    fwrite(b, 1, n, stdout);
    fflush(stdout);
    funlockfile(stdout);
}

static void gone(void) {
    fputs("client: the server has gone\n", stderr);
    for (int i = 0; i < 5 && ftrylockfile(stdout); i++) usleep(100000);
    _exit(1);
}

static void *mail(void *arg) {
    for (;;) {
        struct box *box = &comm->mail;
        if (box->full == CLOSED) return arg;
        if (box->full == FULL) {
            static char text[BOX + 1];
            size_t n = box->size;
            memcpy(text, box->text, n);
            text[n] = '\n';
            set(&box->full, EMPTY);
            say("", text, n + 1);
        } else {
            sleep_on(&box->full, EMPTY, TICK);
        }
    }
}

static int ask(int what, const char *text, size_t n) {
    struct box *box = &comm->request;
    box->what = what;
    box->size = n;
    memcpy(box->text, text, n > TEXT ? TEXT : n);
    set(&box->full, FULL);
    while (box->full == FULL) sleep_on(&box->full, FULL, TICK);
    say("", box->text, box->size);
    return box->what;
}

static int next(const char *prompt) {
    static size_t room_of_line;
    if (isatty(0) && isatty(1)) say(prompt, "", 0);
    ssize_t n = getline(&line, &room_of_line, stdin);
    if (n > 0 && line[n - 1] == '\n') line[--n] = 0;
    size = n;
    return n >= 0;
}

static int is(const char *word) { return size == strlen(word) && !memcmp(line, word, size); }

static void *open_segment(const char *path, size_t bytes) {
    struct stat s;
    int fd = shm_open(path, O_RDWR, 0);
    void *p = MAP_FAILED;
    if (fd >= 0 && !fstat(fd, &s) && s.st_size >= (off_t)bytes)
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

int main(int argc, char **argv) {
    const char *channel = "lab";
    int flag = argc > 1 && !strcmp(argv[1], "--channel");
    if (flag && argc > 2) channel = argv[2];
    if (argc > 2 + 2 * flag || (flag && argc == 2) || !good_name(channel, strlen(channel)))
        return fprintf(stderr, "usage: client [--channel channel-name] [name]\n"), 2;
    char path[64], key_line[64];
    path_of(path, channel, 0);
    room = open_segment(path, sizeof *room);
    if (!room || !room->up)
        return fprintf(stderr, "client: no server\n"), 1;
    for (int i = 0; i < SEATS && !seat; i++) {
        struct seat *s = &room->seat[i];
        if (s->state != FREE || !take(&s->life)) continue;
        if (s->state == FREE) seat = s;
        else pthread_mutex_unlock(&s->life);
    }
    if (!seat) return fprintf(stderr, "client: no seat\n"), 1;
    pthread_t thread;
    pthread_create(&thread, NULL, mail, NULL);

    char *name = argc > 1 + 2 * flag ? argv[1 + 2 * flag] : NULL;
    size = name ? strlen(name) : 0;
    for (;;) {
        if (!name && !next("name: ")) _exit(1);
        if (!name) name = line;
        seat->size = size;
        memcpy(seat->name, name, size > 63 ? 63 : size);
        seat->state = ASK;
        room->bell++;
        wake(&room->bell);
        while (seat->state == ASK) sleep_on(&seat->state, ASK, TICK);
        if (seat->state == YES) break;
        say("error: ", key_line, sprintf(key_line, "%s\n", seat->why));
        name = NULL;
    }
    snprintf(me, sizeof me, "%s", name);
    path_of(path, channel, seat->key);
    struct comm *mine = open_segment(path, sizeof *mine);
    if (!mine) gone();
    say("registered ", key_line, sprintf(key_line, "%s %u\n", me, seat->key));
    comm = mine;
    set(&nobody.mail.full, REPLY);

    while (next("> ") && !is("quit")) {
        char *text = NULL;
        if (is("list")) {
            if (ask(LIST, "", 0)) say("end of list\n", "", 0);
        } else if (is("help")) {
            say("list, send KEY TEXT, quit\n", "", 0);
        } else if (size > 5 && !memcmp(line, "send ", 5) && line[5] >= '0' && line[5] <= '9') {
            errno = 0;
            unsigned long key = strtoul(line + 5, &text, 10);
            if (*text != ' ' || text >= line + size || errno || key < 1 || key > 1000000000) say("error: no\n", "", 0);
            else if (ask(key, text + 1, line + size - text - 1)) say("sent\n", "", 0);
        } else {
            say("error: no\n", "", 0);
        }
    }
    ask(QUIT, "", 0);
    pthread_join(thread, NULL);
    say("unregistered ", key_line, sprintf(key_line, "%s\n", me));
    return 0;
}
