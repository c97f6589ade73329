/* Gives a student's libproactor callbacks of its own, speaks through it, and reports what it is
 * told.
 *
 * It holds no expectation: what is right is decided by the grader, outside this process. Each
 * command is answered by one line on standard output:
 *
 *   create PORT             -> created INDEX PORT ERRNO   (INDEX -1: proactor_create returned NULL)
 *   callbacks 0             -> given STATUS
 *   run 0                   -> running 0                  (a thread is in proactor_thread)
 *   send CLIENT WORD        -> sent STATUS                (a line, by the main thread)
 *   broadcast CLIENT WORD   -> told STATUS                (to all but this client; 0: to all)
 *   answer 1                -> answering 1                (passes lines on; 0: no longer)
 *
 * A callback reports, in between: came CLIENT MINE; said CLIENT MINE LENGTH HEXADECIMAL; went
 * CLIENT MINE. MINE is 1 where proactor and context are those that were given.
 */
#include HEADER

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { longest = 400 }; /* bytes of a line that are reported */

static proactor_t* the_proactor;
static pthread_t thread;
static int the_context;
static atomic_int answering;

static int mine(proactor_t* proactor, void* context) {
    return proactor == the_proactor && context == &the_context;
}

static void on_joined(proactor_t* proactor, proactor_client_t client, void* context) {
    printf("came %" PRIu64 " %d\n", client, mine(proactor, context));
}

static void on_line(proactor_t* proactor, proactor_client_t client, const char* line, size_t length,
                    void* context) {
    char hexadecimal[2 * longest + 1] = "";
    for (size_t i = 0; i < length && i < longest; ++i)
        sprintf(hexadecimal + 2 * i, "%02x", (unsigned char)line[i]);
    printf("said %" PRIu64 " %d %zu %s\n", client, mine(proactor, context), length, hexadecimal);
    if (answering)
        proactor_broadcast(proactor, client, line, length);
}

static void on_left(proactor_t* proactor, proactor_client_t client, void* context) {
    printf("went %" PRIu64 " %d\n", client, mine(proactor, context));
}

static void create(int port) {
    errno = 0;
    the_proactor = proactor_create(port);
    if (the_proactor == NULL)
        printf("created -1 0 %d\n", errno);
    else
        printf("created 0 %d 0\n", proactor_port(the_proactor));
}

static void give_callbacks(void) {
    proactor_callbacks_t callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.joined = on_joined;
    callbacks.line = on_line;
    callbacks.left = on_left;
    int status = proactor_set_callbacks(the_proactor, &callbacks, &the_context);
    memset(&callbacks, 0, sizeof callbacks); /* the library has to have copied them */
    printf("given %d\n", status);
}

static void obey(const char* command, uint64_t number, char* word) {
    strcat(word, "\n");
    if (strcmp(command, "create") == 0) {
        create((int)number);
    } else if (strcmp(command, "callbacks") == 0) {
        give_callbacks();
    } else if (strcmp(command, "run") == 0) {
        pthread_create(&thread, NULL, proactor_thread, the_proactor);
        printf("running 0\n");
    } else if (strcmp(command, "send") == 0) {
        printf("sent %d\n", proactor_send(the_proactor, number, word, strlen(word)));
    } else if (strcmp(command, "broadcast") == 0) {
        printf("told %d\n", proactor_broadcast(the_proactor, number, word, strlen(word)));
    } else if (strcmp(command, "answer") == 0) {
        answering = (int)number;
        printf("answering %d\n", answering);
    } else {
        printf("unknown %s\n", command);
    }
}

int main(void) {
    char line[128], command[32], word[66];
    uint64_t number;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin) != NULL) {
        word[0] = '\0';
        if (sscanf(line, "%31s %" SCNu64 " %64s", command, &number, word) >= 2)
            obey(command, number, word);
        fflush(stdout);
    }
    return 0;
}
