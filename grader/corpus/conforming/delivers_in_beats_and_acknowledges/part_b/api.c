/* The functions of proactor.h. */
#define _GNU_SOURCE
#include "inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Both families if there are two, else IPv4. */
static int open_door(int port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    int yes = 1, no = 0;
    for (int six = 1; six >= 0; six--) {
        int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 && six && errno == EAFNOSUPPORT)
            continue;
        if (fd < 0)
            return -1;
        memset(&address, 0, sizeof address);
        socklen_t size = six ? sizeof address.v6 : sizeof address.v4;
        if (six) {
            address.v6.sin6_family = AF_INET6;
            address.v6.sin6_port = htons((uint16_t)port);
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
        } else {
            address.v4.sin_family = AF_INET;
            address.v4.sin_port = htons((uint16_t)port);
        }
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(fd, &address.any, size) == 0 && listen(fd, SOMAXCONN) == 0)
            return fd;
        int why = errno;
        close(fd);
        errno = why;
        if (!six || why != EADDRNOTAVAIL)
            return -1;
    }
    return -1;
}

static bool add(int epoll, int fd, void *tag)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = tag};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static void release(proactor_t *p)
{
    int fds[] = {p->listener, p->epoll, p->bell};
    for (size_t i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pthread_cond_destroy(&p->idle);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

proactor_t *proactor_create(int port)
{
    if (port < 0 || port > 65535) {
        errno = EINVAL;
        return NULL;
    }
    proactor_t *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->idle, NULL);
    p->guests.next = p->guests.prev = &p->guests;
    p->epoll = p->bell = -1;
    struct sockaddr_in6 where; /* the port is at the same place for IPv4 */
    socklen_t size = sizeof where;
    memset(&where, 0, sizeof where);
    if ((p->listener = open_door(port)) >= 0 &&
        getsockname(p->listener, (struct sockaddr *)&where, &size) == 0 &&
        (p->epoll = epoll_create1(EPOLL_CLOEXEC)) >= 0 &&
        (p->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) >= 0 &&
        add(p->epoll, p->bell, &p->bell) && add(p->epoll, p->listener, &p->listener)) {
        p->port = ntohs(where.sin6_port);
        return p;
    }
    int why = errno;
    release(p);
    errno = why;
    return NULL;
}

int proactor_port(const proactor_t *p)
{
    return p->port;
}

void *proactor_thread(void *arg)
{
    proactor_t *p = arg;
    pthread_mutex_lock(&p->lock);
    p->serving = true;
    pthread_mutex_unlock(&p->lock);
    room_serve(p);
    pthread_mutex_lock(&p->lock);
    p->serving = false;
    pthread_cond_broadcast(&p->idle);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

void proactor_stop(proactor_t *p)
{
    if (!p)
        return;
    uint64_t one = 1;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    while (write(p->bell, &one, sizeof one) < 0 && errno == EINTR)
        ;
    pthread_mutex_unlock(&p->lock);
}

void proactor_destroy(proactor_t *p)
{
    if (!p)
        return;
    proactor_stop(p);
    pthread_mutex_lock(&p->lock);
    while (p->serving)
        pthread_cond_wait(&p->idle, &p->lock);
    pthread_mutex_unlock(&p->lock);
    room_clear(p);
    release(p);
}
