// st_proactor.hpp - libst_proactor: calls a handler, on a thread of its own, whenever a descriptor has something to read.
#pragma once

extern "C" {

typedef void (*handler_t)(void *proactor, int fd);

void *createProactor(void);
int addFD2Proactor(void *proactor, int fd, handler_t handler);
int removeHandler(void *proactor, int fd);
int runProactor(void *proactor);    // blocks until cancelProactor()
int cancelProactor(void *proactor); // may come before the run
void destroyProactor(void *proactor);
}
