/* The chat server: main [port]. All the chatting is done by libproactor. */
#include "proactor.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT 9034

/* Returns -1 for what is no port number. */
static int parse_port(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > 5 || strspn(text, "0123456789") != length)
        return -1;
    int port = atoi(text);
    return port <= 65535 ? port : -1;
}

int main(int argc, char **argv)
{
    int port = argc == 2 ? parse_port(argv[1]) : DEFAULT_PORT;
    if (argc > 2 || port < 0) {
        fprintf(stderr, "usage: %s [port]   (0 to 65535, default %d)\n", argv[0], DEFAULT_PORT);
        return 2;
    }

    /* Before the thread is started, so that it inherits this and sigwait gets the signals. */
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);

    proactor_t *p = proactor_create(port);
    if (!p) {
        fprintf(stderr, "port %d: %s\n", port, strerror(errno));
        return 1;
    }
    pthread_t thread;
    int error = pthread_create(&thread, NULL, proactor_thread, p);
    if (error) {
        fprintf(stderr, "no thread: %s\n", strerror(error));
        proactor_destroy(p);
        return 1;
    }
    printf("Listening on port: [%d] ...\n", proactor_port(p));
    fflush(stdout);

    int signal_number;
    sigwait(&ends, &signal_number);
    proactor_stop(p);
    pthread_join(thread, NULL);
    proactor_destroy(p);
    return 0;
}
