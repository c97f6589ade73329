/* main.c - Part C: the chat server; all the work is done by libproactor */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proactor.h"

static int bad(const char *port)
{
    size_t digits = strspn(port, "0123456789");
    return digits == 0 || digits > 5 || port[digits] != '\0' || atoi(port) > 65535;
}

int main(int argc, char **argv)
{
    proactor_t *proactor;
    pthread_t thread;
    sigset_t signals;
    int which;

    if (argc > 2 || (argc == 2 && bad(argv[1]))) {
        fprintf(stderr, "Usage: %s [port]\n", argv[0]);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    proactor = proactor_create(argc == 2 ? atoi(argv[1]) : 9034);
    if (!proactor) {
        perror("proactor_create");
        return 1;
    }
    if (pthread_create(&thread, NULL, proactor_thread, proactor) != 0) {
        fprintf(stderr, "no thread\n");
        return 1;
    }
    printf("Listening on port: [%d] ...\n", proactor_port(proactor));
    fflush(stdout);
    sigwait(&signals, &which);
    proactor_destroy(proactor);
    pthread_join(thread, NULL);
    return 0;
}
