/* The room: everybody who is connected, and what is still to be sent to each of them. */
#include "room.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MAX_PENDING (8u * 1024 * 1024)
#define RETRY_NANOSECONDS (5 * 1000 * 1000)

/* One lock for the room. Whoever holds it never blocks: all sends under it are MSG_DONTWAIT. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;     /* something is pending, or the end */
static pthread_cond_t departed = PTHREAD_COND_INITIALIZER; /* a client has been closed */
static struct client **clients;
static size_t count;
static size_t capacity;
static size_t open_connections; /* also those that have left the list and say goodbye */
static unsigned long last_number;
static bool closing;
static pthread_t postman;

static void hang_up(struct client *client)
{
    client->hung_up = true;
    client->pending_length = 0;
    shutdown(client->fd, SHUT_RDWR); /* wakes its thread, which then leaves */
}

/* Sends as much as the socket takes now, and returns how much that was. */
static size_t send_now(struct client *client, const char *data, size_t length)
{
    size_t sent = 0;

    while (sent < length) {
        ssize_t n = send(client->fd, data + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            sent += (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            hang_up(client);
            break;
        }
    }
    return sent;
}

/* Keeps bytes for a client whose socket is full; hangs up when that is too much. */
static void keep(struct client *client, const char *data, size_t length)
{
    size_t needed = client->pending_length + length;

    if (needed > MAX_PENDING) {
        printf("client %lu reads too slowly, disconnected\n", client->number);
        hang_up(client);
        return;
    }
    if (needed > client->pending_capacity) {
        size_t bigger = client->pending_capacity ? client->pending_capacity : 4096;
        while (bigger < needed)
            bigger *= 2;
        char *grown = realloc(client->pending, bigger);
        if (!grown) {
            printf("no memory for client %lu, disconnected\n", client->number);
            hang_up(client);
            return;
        }
        client->pending = grown;
        client->pending_capacity = bigger;
    }
    memcpy(client->pending + client->pending_length, data, length);
    client->pending_length = needed;
    pthread_cond_signal(&work);
}

static void deliver(struct client *client, const char *data, size_t length)
{
    size_t sent = 0;

    if (client->hung_up)
        return;
    if (client->pending_length == 0)
        sent = send_now(client, data, length);
    if (sent < length && !client->hung_up)
        keep(client, data + sent, length - sent);
}

/* Sends what is pending for one client; true if some of it is still left. */
static bool flush_pending(struct client *client)
{
    size_t sent = send_now(client, client->pending, client->pending_length);

    if (client->hung_up)
        return false;
    client->pending_length -= sent;
    if (client->pending_length == 0) {
        free(client->pending);
        client->pending = NULL;
        client->pending_capacity = 0;
        return false;
    }
    if (sent > 0)
        memmove(client->pending, client->pending + sent, client->pending_length);
    return true;
}

/* Sleeps while nothing is pending; tries again every few milliseconds while something is. */
static void *run_postman(void *unused)
{
    const struct timespec pause = {0, RETRY_NANOSECONDS};

    (void)unused;
    pthread_mutex_lock(&lock);
    while (!closing) {
        bool left_over = false;
        for (size_t i = 0; i < count; i++)
            if (clients[i]->pending_length > 0 && flush_pending(clients[i]))
                left_over = true;
        if (left_over) {
            pthread_mutex_unlock(&lock);
            nanosleep(&pause, NULL);
            pthread_mutex_lock(&lock);
        } else {
            pthread_cond_wait(&work, &lock);
        }
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

bool room_open(void)
{
    return pthread_create(&postman, NULL, run_postman, NULL) == 0;
}

struct client *room_join(int fd)
{
    struct client *client = calloc(1, sizeof *client);

    if (!client)
        return NULL;
    client->fd = fd;
    pthread_mutex_lock(&lock);
    if (count == capacity) {
        size_t bigger = capacity ? 2 * capacity : 16;
        struct client **grown = realloc(clients, bigger * sizeof *grown);
        if (!grown) {
            pthread_mutex_unlock(&lock);
            free(client);
            return NULL;
        }
        clients = grown;
        capacity = bigger;
    }
    client->number = ++last_number;
    clients[count++] = client;
    open_connections++;
    printf("client %lu has joined\n", client->number);
    pthread_mutex_unlock(&lock);
    return client;
}

/* Blocks for at most a second, however slowly the client reads: it is one single send. */
static void send_the_rest(struct client *client)
{
    const struct timeval second = {1, 0};

    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    if (send(client->fd, client->pending, client->pending_length, MSG_NOSIGNAL) < 0)
        printf("client %lu did not wait for the rest\n", client->number);
}

void room_leave(struct client *client, bool polite)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++) {
        if (clients[i] == client) {
            clients[i] = clients[--count];
            break;
        }
    }
    pthread_mutex_unlock(&lock);

    /* From here on nobody else knows this client. */
    if (polite && !client->hung_up && client->pending_length > 0)
        send_the_rest(client);
    close(client->fd);
    printf("client %lu has left\n", client->number);
    free(client->pending);
    free(client);

    pthread_mutex_lock(&lock);
    open_connections--;
    pthread_cond_signal(&departed);
    pthread_mutex_unlock(&lock);
}

void room_say(const struct client *from, const char *line, size_t length)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        if (clients[i] != from)
            deliver(clients[i], line, length);
    pthread_mutex_unlock(&lock);
}

void room_close(void)
{
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += 500 * 1000 * 1000;
    deadline.tv_sec += 1 + deadline.tv_nsec / 1000000000;
    deadline.tv_nsec %= 1000000000;

    pthread_mutex_lock(&lock);
    closing = true;
    for (size_t i = 0; i < count; i++)
        hang_up(clients[i]);
    while (open_connections > 0)
        if (pthread_cond_timedwait(&departed, &lock, &deadline) != 0)
            break;
    bool empty = open_connections == 0;
    pthread_cond_signal(&work);
    pthread_mutex_unlock(&lock);
    pthread_join(postman, NULL);
    if (empty)
        free(clients);
}
