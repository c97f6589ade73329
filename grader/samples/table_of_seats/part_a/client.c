// client of the chat: two threads
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int s;
atomic_long ended; // when the keyboard came to its end, in ms

long ms() {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void quit(int sig) { _exit(0); }

void *reader(void *arg) {
    char buf[1024];
    int n;
    while ((n = recv(s, buf, sizeof(buf), 0)) > 0) {
        for (int done = 0; done < n;) {
            int k = write(1, buf + done, n - done);
            if (k < 0)
                _exit(1);
            done += k;
        }
        if (ended && ms() - ended >= 5000)
            _exit(0);
        if (ended)
            alarm(1); // from now on: one second of silence
    }
    if (ended)
        _exit(0);
    fprintf(stderr, "server has gone\n");
    _exit(1);
}

int main(int argc, char *argv[]) {
    char *host = argc > 1 ? argv[1] : "localhost", *port = argc > 2 ? argv[2] : "9034";
    struct addrinfo hints = {0}, *a;
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    int err = getaddrinfo(host, port, &hints, &a);
    if (err) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(err));
        return 1;
    }
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, a->ai_addr, a->ai_addrlen) < 0) {
        perror("connect");
        return 1;
    }
    freeaddrinfo(a);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, quit);

    pthread_t t;
    pthread_create(&t, NULL, reader, NULL);
    char line[1500];
    while (fgets(line, sizeof(line), stdin))
        for (int done = 0, len = strlen(line); done < len;) {
            int k = send(s, line + done, len - done, 0);
            if (k < 0)
                pthread_join(t, NULL); // reader says it
            done += k;
        }
    ended = ms();
    shutdown(s, SHUT_WR);
    alarm(1);
    pthread_join(t, NULL);
}
