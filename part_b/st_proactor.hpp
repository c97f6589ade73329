// libst_proactor: a handler for each descriptor, run in a thread of its own when there is something
// to read.
//
//     void *proactor = createProactor();
//     addFD2Proactor(proactor, listener, accept_clients);
//     runProactor(proactor);        // in one thread, until another one or a handler cancels
//     destroyProactor(proactor);
//
// Link with -lst_proactor -pthread. C linkage. The functions may be called from any thread,
// handlers included, unless it is said otherwise. Errors: -1 (or NULL) with errno; never a crash.
#ifndef ST_PROACTOR_HPP
#define ST_PROACTOR_HPP

#ifdef __cplusplus
extern "C" {
#endif

// Called with the proactor and the descriptor that has data, an end-of-file, or a connection to
// accept. It may block: only its own descriptor waits for it. It must take in something of what
// there is, or remove the descriptor, or it is called again at once when it has returned.
typedef void (*handler_t)(void* proactor, int fd);

// A proactor without descriptors. It starts no thread. NULL: no descriptors left, or no memory.
void* createProactor(void);

// Lets `handler` run whenever `fd`, a socket, pipe, terminal or the like, has something to read:
// each time on a new thread that ends when the handler returns, and never again for this descriptor
// before that. Handlers of different descriptors run side by side. The descriptor stays the
// program's; it may be blocking or not. Before or during runProactor(). Where the system has no
// thread left, the handler runs later.
// EEXIST: `fd` has a handler already. EBADF: no open descriptor. EPERM: a file on disk. EINVAL:
// NULL.
int addFD2Proactor(void* proactor, int fd, handler_t handler);

// No handler is started for `fd` from now on. One that runs already is not waited for: the program
// closes a descriptor after this call, and when it knows that none of its handlers still uses it.
// The number may be added again at once; it then counts as a new descriptor, whose handler does not
// wait for one that still runs for the old.
// ENOENT: `fd` has no handler. EINVAL: NULL.
int removeHandler(void* proactor, int fd);

// Blocks until cancelProactor(), then returns 0. Once in the life of a proactor.
int runProactor(void* proactor);

// Lets runProactor() return soon; remembered if it has not begun. Handlers that run go on. EINVAL.
int cancelProactor(void* proactor);

// Cancels, waits until runProactor() has returned and until all handlers have, and frees the
// proactor. A handler that blocks is the program's to wake: hang up on its descriptor first. Not
// from a handler: it would wait for itself. NULL is ignored.
void destroyProactor(void* proactor);

#ifdef __cplusplus
}
#endif

#endif
