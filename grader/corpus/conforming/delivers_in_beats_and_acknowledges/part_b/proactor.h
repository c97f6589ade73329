/* A chat room that runs in a thread of yours. */
#ifndef PROACTOR_H_INCLUDED
#define PROACTOR_H_INCLUDED

#if defined __GNUC__
#define PROACTOR_PUBLIC __attribute__((visibility("default")))
#else
#define PROACTOR_PUBLIC
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct proactor;
typedef struct proactor proactor_t;

PROACTOR_PUBLIC proactor_t *proactor_create(int port);           /* NULL and errno */
PROACTOR_PUBLIC int proactor_port(const proactor_t *proactor);   /* where it listens */
PROACTOR_PUBLIC void *proactor_thread(void *proactor);           /* for pthread_create; NULL */
PROACTOR_PUBLIC void proactor_stop(proactor_t *proactor);        /* lets the thread return */
PROACTOR_PUBLIC void proactor_destroy(proactor_t *proactor);     /* stops, waits, frees */

#ifdef __cplusplus
}
#endif
#endif
