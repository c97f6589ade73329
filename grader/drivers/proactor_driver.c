/* Drives a student's libproactor as it is told on standard input, and reports what it sees.
 *
 * It holds no expectation: what is right is decided by the grader, outside this process. It is
 * compiled as C and as C++. Each command is answered by one line on standard output:
 *
 *   create PORT     -> created INDEX PORT ERRNO      (INDEX -1: proactor_create returned NULL)
 *   run INDEX       -> running INDEX                 (a thread of its own is in proactor_thread)
 *   destroy INDEX   -> destroyed INDEX               (INDEX -1: proactor_destroy(NULL))
 *   join INDEX      -> joined INDEX NULL|VALUE       (what proactor_thread returned)
 *   interrupt INDEX -> interrupted INDEX             (a signal handler has run on its thread)
 *   lives N         -> lived COUNT BYTES STEP        (COUNT < N: the life that failed; its step)
 */
#include HEADER

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most = 16, out_of_the_way = 10 };

static proactor_t* proactors[most];
static pthread_t threads[most];
static int made;

static void create(int port) {
    errno = 0;
    proactor_t* proactor = proactor_create(port);
    int why = errno;
    if (proactor == NULL) {
        printf("created -1 0 %d\n", why);
        return;
    }
    proactors[made] = proactor;
    printf("created %d %d 0\n", made, proactor_port(proactor));
    ++made;
}

/* A client of our own, so that a life has served somebody before it ends. */
static int connect_client(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in where;
    memset(&where, 0, sizeof where);
    where.sin_family = AF_INET;
    where.sin_port = htons((unsigned short)port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr*)&where, sizeof where) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The listener has connected first: who takes the speaker's line has accepted the listener. */
static int chat_once(int speaker, int listener) {
    char heard[512];
    return send(speaker, "a line\n", 7, MSG_NOSIGNAL) == 7 &&
           recv(listener, heard, sizeof heard, 0) > 0;
}

/* One life: create, run, serve, destroy. Returns the step that failed, or NULL. */
static const char* live(void) {
    pthread_t thread;
    proactor_t* proactor = proactor_create(0);
    if (proactor == NULL)
        return "create";
    int port = proactor_port(proactor);
    if (pthread_create(&thread, NULL, proactor_thread, proactor) != 0)
        return "pthread_create";
    int listener = connect_client(port);
    int speaker = connect_client(port);
    int served = speaker >= 0 && listener >= 0 && chat_once(speaker, listener);
    if (served)
        close(speaker); /* one has left, the other is still there when it is destroyed */
    proactor_destroy(proactor);
    pthread_join(thread, NULL);
    if (listener >= 0)
        close(listener);
    return served ? NULL : "serve";
}

static void lives(int number) {
    const char* failed = NULL;
    int life = 0;
    while (life < number && failed == NULL) {
        failed = live();
        if (failed == NULL)
            ++life;
    }
    struct mallinfo2 heap = mallinfo2();
    printf("lived %d %zu %s\n", life, heap.uordblks, failed == NULL ? "-" : failed);
}

static void obey(const char* command, int number) {
    if (strcmp(command, "create") == 0) {
        create(number);
    } else if (strcmp(command, "run") == 0) {
        pthread_create(&threads[number], NULL, proactor_thread, proactors[number]);
        printf("running %d\n", number);
    } else if (strcmp(command, "destroy") == 0) {
        proactor_destroy(number < 0 ? NULL : proactors[number]);
        printf("destroyed %d\n", number);
    } else if (strcmp(command, "join") == 0) {
        void* result = NULL;
        pthread_join(threads[number], &result);
        printf("joined %d %s\n", number, result == NULL ? "NULL" : "VALUE");
    } else if (strcmp(command, "interrupt") == 0) {
        pthread_kill(threads[number], SIGUSR1);
        printf("interrupted %d\n", number);
    } else if (strcmp(command, "lives") == 0) {
        lives(number);
    } else {
        printf("unknown %s\n", command);
    }
}

static void do_nothing(int number) {
    (void)number;
}

int main(void) {
    char line[128], command[32];
    int number;
    struct sigaction handling;
    memset(&handling, 0, sizeof handling); /* no SA_RESTART: calls that wait fail with EINTR */
    handling.sa_handler = do_nothing;
    sigaction(SIGUSR1, &handling, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* Whoever closes descriptor 0 by mistake shall be told so: that must not end us. */
    FILE* commands = fdopen(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, out_of_the_way), "r");
    if (commands == NULL)
        return 1;
    while (fgets(line, sizeof line, commands) != NULL) {
        if (sscanf(line, "%31s %d", command, &number) == 2)
            obey(command, number);
        fflush(stdout);
    }
    return 0;
}
