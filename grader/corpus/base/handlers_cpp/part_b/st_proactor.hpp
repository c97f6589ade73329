// The handler interface of the proactor: one short thread for each thing there is to read.
#ifndef ST_PROACTOR_HPP
#define ST_PROACTOR_HPP

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*handler_t)(void *proactor, int fd);

void *createProactor(void);
int addFD2Proactor(void *proactor, int fd, handler_t handler);
int removeHandler(void *proactor, int fd);
int runProactor(void *proactor);
int cancelProactor(void *proactor);
void destroyProactor(void *proactor);

#ifdef __cplusplus
}
#endif

#endif
