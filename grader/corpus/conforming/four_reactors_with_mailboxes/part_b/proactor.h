#pragma once
/* A chat room on four reactors. See proactor.cc. */

#ifdef __cplusplus
#define PROACTOR_C extern "C"
#else
#define PROACTOR_C extern
#endif

typedef struct proactor proactor_t;

PROACTOR_C proactor_t *proactor_create(int port);
PROACTOR_C int proactor_port(const proactor_t *);
PROACTOR_C void *proactor_thread(void *);
PROACTOR_C void proactor_stop(proactor_t *);
PROACTOR_C void proactor_destroy(proactor_t *);
