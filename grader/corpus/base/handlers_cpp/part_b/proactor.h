/* A TCP server in one thread: a chat room, on an epoll loop. */
#ifndef PROACTOR_H
#define PROACTOR_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct proactor proactor_t;

/* Binds and listens; port 0 is the kernel's choice. NULL with errno on failure. */
proactor_t *proactor_create(int port);
int proactor_port(const proactor_t *proactor);

/* Start routine for pthread_create: serves until the proactor is stopped or destroyed. */
void *proactor_thread(void *proactor);

/* Lets proactor_thread return soon, also when it has not begun yet. */
void proactor_stop(proactor_t *proactor);

/* Stops, waits for proactor_thread, and frees everything. Not from proactor_thread itself. */
void proactor_destroy(proactor_t *proactor);

#ifdef __cplusplus
}
#endif

#endif
