/* main [port] - waits for signals with signalfd; the room closes 0.7 s after the bell has rung. */
#include <proactor.h>

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static int usage(const char *name)
{
    fprintf(stderr, "usage: %s [port]\n  port: 0 to 65535, 9034 if there is none\n", name);
    return 2;
}

static int port_from(const char *s)
{
    long value = 0;
    if (!*s)
        return -1;
    for (; *s; s++) {
        if (!isdigit((unsigned char)*s))
            return -1;
        value = value * 10 + (*s - '0');
        if (value > 65535)
            return -1;
    }
    return (int)value;
}

int main(int argc, char *argv[])
{
    int port = 9034;
    if (argc > 2)
        return usage(argv[0]);
    if (argc == 2 && (port = port_from(argv[1])) < 0)
        return usage(argv[0]);

    setvbuf(stdout, NULL, _IOLBF, 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (signals < 0) {
        perror("signalfd");
        return 1;
    }

    printf("chat server, process %ld\n", (long)getpid());
    proactor_t *room = proactor_create(port);
    if (!room) {
        fprintf(stderr, "%s: cannot listen on %d: %s\n", argv[0], port, strerror(errno));
        close(signals);
        return 1;
    }
    pthread_t thread;
    int error = pthread_create(&thread, NULL, proactor_thread, room);
    if (error) {
        fprintf(stderr, "%s: %s\n", argv[0], strerror(error));
        proactor_destroy(room);
        close(signals);
        return 1;
    }
    printf("Listening on port: [%d] for whoever comes; Ctrl-C closes the room\n", proactor_port(room));

    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) < 0 && errno == EINTR)
        ;
    printf("closing the room\n");
    struct timespec last_words = {.tv_nsec = 700 * 1000 * 1000};
    while (nanosleep(&last_words, &last_words) < 0 && errno == EINTR)
        ;
    proactor_stop(room);
    pthread_join(thread, NULL);
    proactor_destroy(room);
    close(signals);
    return 0;
}
