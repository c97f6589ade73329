/* list.c - the linked list of everybody who is connected, behind one mutex */
#include "list.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct node {
    int fd;
    struct node *next;
};

static struct node *head;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int list_add(int fd)
{
    struct node *n = malloc(sizeof *n);
    if (!n)
        return 0;
    pthread_mutex_lock(&mutex);
    n->fd = fd;
    n->next = head;
    head = n;
    pthread_mutex_unlock(&mutex);
    return 1;
}

void list_remove(int fd)
{
    struct node **p, *gone;

    pthread_mutex_lock(&mutex);
    for (p = &head; *p && (*p)->fd != fd; p = &(*p)->next)
        ;
    gone = *p;
    if (gone)
        *p = gone->next;
    pthread_mutex_unlock(&mutex);
    free(gone);
}

void list_send(int sender, const char *bytes, size_t n)
{
    pthread_mutex_lock(&mutex);
    for (struct node *p = head; p; p = p->next) {
        size_t done = 0;
        while (p->fd != sender && done < n) {
            ssize_t sent = send(p->fd, bytes + done, n - done, 0);
            if (sent < 0) {
                shutdown(p->fd, SHUT_RDWR); /* its own thread sees the end and cleans up */
                break;
            }
            done += (size_t)sent;
        }
    }
    pthread_mutex_unlock(&mutex);
}
