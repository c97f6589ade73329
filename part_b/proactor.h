/* libproactor: a TCP server in a thread, and a chat room unless a program says otherwise.
 *
 *     proactor_t *proactor = proactor_create(9034);
 *     pthread_create(&thread, NULL, proactor_thread, proactor);
 *     ...
 *     proactor_stop(proactor);
 *     pthread_join(thread, NULL);
 *     proactor_destroy(proactor);
 *
 * Link with -lproactor -pthread (libproactor.a also needs g++ as the linker). C and C++.
 */
#ifndef PROACTOR_H
#define PROACTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct proactor proactor_t;

/* A client's number, from 1 upwards. Never used again while the proactor lives. */
typedef uint64_t proactor_client_t;

/* proactor_create - binds and listens on `port`, on every local address; port 0 is the kernel's
 * choice. Connections are accepted by the kernel from now on, and served by proactor_thread().
 * Starts no thread. A process may have many proactors.
 *
 * Returns the proactor, which the caller hands to proactor_destroy() in the end; NULL with errno on
 * failure: EINVAL (no port number), EADDRINUSE, EACCES, EMFILE, ENOMEM ... */
proactor_t* proactor_create(int port);

/* proactor_port - the port that the proactor listens on; -1 with errno EINVAL for NULL. Any thread.
 */
int proactor_port(const proactor_t* proactor);

/* proactor_thread - a start routine for pthread_create(3); its argument is the proactor. Serves
 * until proactor_stop() or proactor_destroy(), and returns NULL.
 *
 * Without callbacks the proactor is a chat room: every line of a client, '\n' included, is sent to
 * all others. A client that sends a line of more than 1 MiB, or leaves more than 16 MiB unread, is
 * disconnected, with a message on stdout. One that ends its input may still read what waits for it,
 * for one second. */
void* proactor_thread(void* proactor);

/* proactor_stop - lets proactor_thread() return soon; remembered if it has not begun. Any thread,
 * also a callback; not after proactor_destroy() has begun. NULL is ignored. */
void proactor_stop(proactor_t* proactor);

/* proactor_destroy - stops, waits until proactor_thread() can no longer touch the proactor, ends
 * all connections and frees everything. Any thread but proactor_thread()'s own, so not a callback:
 * it would wait for itself. Allowed when proactor_thread() was never started or has returned; NULL
 * is ignored.
 *
 * It cannot wait for a thread that has been created but has not entered proactor_thread() yet. A
 * program that may end that early calls proactor_stop(), joins the thread, and destroys then. */
void proactor_destroy(proactor_t* proactor);

/* What the proactor tells a program. All callbacks run in proactor_thread(), one at a time, so they
 * must not block: every client would wait. They may call everything below, and proactor_stop().
 * A callback that is NULL leaves things to the chat room. `context` is the program's own. */
typedef struct proactor_callbacks {
    /* A client has come, and can be sent something. */
    void (*joined)(proactor_t* proactor, proactor_client_t client, void* context);

    /* A client has sent a line: `length` bytes with the '\n' at the end, which is added when the
     * client's input ended without one. Not a C string: it may hold NUL bytes, and is gone after
     * the call. With this callback the room no longer relays lines; the program decides. */
    void (*line)(proactor_t* proactor, proactor_client_t client, const char* line, size_t length,
                 void* context);

    /* A client has gone: its input ended, or it was disconnected. Follows its last line. Not called
     * for clients that are still there when the proactor stops. */
    void (*left)(proactor_t* proactor, proactor_client_t client, void* context);
} proactor_callbacks_t;

/* proactor_set_callbacks - before proactor_thread() is started. Copies `callbacks`; NULL brings the
 * chat room back. Returns 0, or -1 with errno EINVAL when `proactor` is NULL. */
int proactor_set_callbacks(proactor_t* proactor, const proactor_callbacks_t* callbacks,
                           void* context);

/* proactor_send, proactor_broadcast - queue `length` bytes for one client, or for all but `except`
 * (0: for all). They copy the bytes, do not block, and may be called from any thread, also before
 * proactor_thread() is started. The bytes of one call are never mixed with others: pass whole
 * lines. Calls of one thread arrive in their order. A client that has gone is skipped without an
 * error.
 *
 * Return 0; -1 with errno on failure: EAGAIN (16 MiB wait for proactor_thread() to take them over:
 * try again later), EINVAL (NULL), ENOMEM. */
int proactor_send(proactor_t* proactor, proactor_client_t client, const char* bytes, size_t length);
int proactor_broadcast(proactor_t* proactor, proactor_client_t except, const char* bytes,
                       size_t length);

#ifdef __cplusplus
}
#endif

#endif
