// Chat server with sixty-four seats. Everything is there from the beginning: nothing is ever allocated for a client but
// the line it is about to say.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SEATS = 64, LONGEST = 1 << 20, RING = 2 << 20, MOUTHFUL = 32768 };

struct seat {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool taken, closing;
    int fd;
    unsigned long in, out; // bytes that have ever been put into the ring, and taken out of it
    char ring[RING];
};

static struct seat seats[SEATS];

// A line goes to the rings of all others; whoever's ring is full is asked to go.
static void say(struct seat *from, const char *text, size_t length) {
    for (struct seat *seat = seats; seat < seats + SEATS; seat++) {
        if (seat == from)
            continue;
        pthread_mutex_lock(&seat->lock);
        if (seat->taken && !seat->closing) {
            if (seat->in - seat->out + length > RING) {
                printf("seat %d does not listen\n", (int)(seat - seats));
                seat->closing = true;
                shutdown(seat->fd, SHUT_RDWR);
            } else {
                size_t at = seat->in % RING, first = length < RING - at ? length : RING - at;
                memcpy(seat->ring + at, text, first);
                memcpy(seat->ring, text + first, length - first);
                seat->in += length;
            }
            pthread_cond_signal(&seat->changed);
        }
        pthread_mutex_unlock(&seat->lock);
    }
}

static size_t take(struct seat *seat, char *mouthful) {
    pthread_mutex_lock(&seat->lock);
    while (seat->in == seat->out && !seat->closing)
        pthread_cond_wait(&seat->changed, &seat->lock);
    size_t length = seat->in - seat->out;
    if (length > MOUTHFUL)
        length = MOUTHFUL;
    for (size_t i = 0; i < length; i++)
        mouthful[i] = seat->ring[seat->out++ % RING];
    pthread_mutex_unlock(&seat->lock);
    return length;
}

static bool is_closing(struct seat *seat) {
    pthread_mutex_lock(&seat->lock);
    bool closing = seat->closing;
    pthread_mutex_unlock(&seat->lock);
    return closing;
}

static void *write_to(void *arg) {
    struct seat *seat = arg;
    char mouthful[MOUTHFUL];
    size_t length;
    while ((length = take(seat, mouthful)) > 0)
        for (size_t done = 0; done < length;) {
            ssize_t n = send(seat->fd, mouthful + done, length - done, MSG_NOSIGNAL);
            if (n > 0) {
                done += n;
            } else if ((errno != EAGAIN && errno != EINTR) || is_closing(seat)) {
                shutdown(seat->fd, SHUT_RDWR);
                return NULL;
            }
        }
    return NULL;
}

static void listen_to(struct seat *seat) {
    char *line = malloc(LONGEST + MOUTHFUL + 1);
    size_t length = 0;
    ssize_t n = -1;
    while (line && ((n = recv(seat->fd, line + length, MOUTHFUL, 0)) > 0 || (n < 0 && errno == EINTR))) {
        if (n < 0)
            continue;
        char *end = memrchr(line + length, '\n', n);
        length += n;
        if (end) {
            say(seat, line, end + 1 - line);
            length -= end + 1 - line;
            memmove(line, end + 1, length);
        }
        if (length > LONGEST) {
            printf("seat %d never comes to an end\n", (int)(seat - seats));
            length = 0;
            break;
        }
    }
    if (n == 0 && length > 0) {
        line[length++] = '\n';
        say(seat, line, length);
    }
    free(line);
}

static void stand_up(struct seat *seat) {
    pthread_mutex_lock(&seat->lock);
    close(seat->fd);
    seat->taken = false;
    pthread_mutex_unlock(&seat->lock);
    printf("seat %d is free\n", (int)(seat - seats));
}

static void *serve(void *arg) {
    struct seat *seat = arg;
    pthread_t writer;
    if (pthread_create(&writer, NULL, write_to, seat) == 0) {
        listen_to(seat);
        pthread_mutex_lock(&seat->lock);
        seat->closing = true;
        pthread_cond_signal(&seat->changed);
        pthread_mutex_unlock(&seat->lock);
        pthread_join(writer, NULL);
    }
    stand_up(seat);
    return NULL;
}

static struct seat *sit_down(int fd) {
    for (struct seat *seat = seats; seat < seats + SEATS; seat++) {
        pthread_mutex_lock(&seat->lock);
        bool free_seat = !seat->taken;
        if (free_seat) {
            seat->taken = true;
            seat->closing = false;
            seat->in = seat->out = 0;
            seat->fd = fd;
        }
        pthread_mutex_unlock(&seat->lock);
        if (free_seat)
            return seat;
    }
    return NULL;
}

static void admit(int fd) {
    struct timeval second = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    struct seat *seat = sit_down(fd);
    pthread_t thread;
    if (!seat) {
        printf("all seats are taken\n");
        close(fd);
    } else if (pthread_create(&thread, NULL, serve, seat) != 0) {
        stand_up(seat);
    } else {
        pthread_detach(thread);
        printf("seat %d is taken\n", (int)(seat - seats));
    }
}

static int usage(void) {
    fputs("usage: server [port]\n", stderr);
    return 2;
}

static void stop(int number) {
    (void)number;
    _exit(0);
}

int main(int argc, char *argv[]) {
    char *end = "";
    long port = argc > 1 ? strtol(argv[1], &end, 10) : 9034;
    if (argc > 2 || *end || (argc > 1 && (argv[1][0] < '0' || argv[1][0] > '9')) || port > 65535)
        return usage();
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    for (int i = 0; i < SEATS; i++) {
        pthread_mutex_init(&seats[i].lock, NULL);
        pthread_cond_init(&seats[i].changed, NULL);
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof address;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, SEATS) != 0) {
        perror("server");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("Listening on port: [%d] ...\n", ntohs(address.sin_port));
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0)
            admit(fd);
        else
            usleep(50000); // no descriptor, or a client that has gone again
    }
}
