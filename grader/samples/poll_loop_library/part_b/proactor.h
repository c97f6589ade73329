/* proactor.h - a chat room that is served by one loop around poll(2) */
#ifndef PROACTOR_H
#define PROACTOR_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct proactor proactor_t;

/* Listens on a port (0: any free one). NULL and errno if that is not possible. */
proactor_t *proactor_create(int port);

/* The port it listens on. */
int proactor_port(const proactor_t *p);

/* Start routine for pthread_create: serves until proactor_destroy() is called, returns NULL. */
void *proactor_thread(void *p);

/* Ends the loop, waits for it and frees everything. */
void proactor_destroy(proactor_t *p);

#ifdef __cplusplus
}
#endif
#endif
