/* proactor.h: a chat server in a library. */
#ifndef PROACTOR_H_INCLUDED
#define PROACTOR_H_INCLUDED

#ifdef __cplusplus
extern "C" {
#endif

typedef struct proactor_t proactor_t;

proactor_t *proactor_create(int port);           /* NULL and errno on errors; port 0: any */
int proactor_port(const proactor_t *proactor);
void *proactor_thread(void *proactor);           /* the loop */
void proactor_destroy(proactor_t *proactor);     /* ends the loop */

#ifdef __cplusplus
}
#endif

#endif
