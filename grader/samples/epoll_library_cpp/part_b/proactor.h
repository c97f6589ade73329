// proactor.h - libproactor: a chat room on an epoll loop.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct proactor_t proactor_t;

proactor_t *proactor_create(int port); // NULL and errno if it can't listen there
int proactor_port(const proactor_t *proactor);
void *proactor_thread(void *proactor); // for pthread_create; returns when the proactor is destroyed
void proactor_destroy(proactor_t *proactor);

#ifdef __cplusplus
}
#endif
