/* proactor.h - a chat room as a library: one thread serves all clients.
 *
 *     proactor_t *p = proactor_create(9034);
 *     pthread_create(&thread, NULL, proactor_thread, p);
 *     ...
 *     proactor_stop(p);
 *     pthread_join(thread, NULL);
 *     proactor_destroy(p);
 */
#ifndef PROACTOR_H
#define PROACTOR_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct proactor proactor_t;

/* Binds and listens; port 0 lets the kernel choose. Starts no thread. NULL and errno on failure. */
proactor_t *proactor_create(int port);

/* The port that it listens on. */
int proactor_port(const proactor_t *p);

/* Start routine for pthread_create, the argument is the proactor. Serves until it is stopped. */
void *proactor_thread(void *p);

/* Lets proactor_thread return soon, also if it has not begun yet. From any thread. */
void proactor_stop(proactor_t *p);

/* Stops, waits for proactor_thread, closes all connections, frees everything. NULL is fine. */
void proactor_destroy(proactor_t *p);

#ifdef __cplusplus
}
#endif

#endif
