/* Known to be wrong in the way that its argument names, or right: does the tool tell them apart on
 * this machine?
 *
 *   race | locked             two threads count, without and with a lock
 *   overflow | leak | tidy    writes behind a block, loses one, frees one
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int locked, counter;
static char* volatile block; /* volatile: the compiler may not see that it is lost */

static void* count(void* nothing) {
    for (int i = 0; i < 100; ++i) {
        if (locked)
            pthread_mutex_lock(&lock);
        ++counter;
        if (locked)
            pthread_mutex_unlock(&lock);
    }
    return nothing;
}

static void race(void) {
    pthread_t threads[2];
    for (int i = 0; i < 2; ++i)
        if (pthread_create(&threads[i], NULL, count, NULL) != 0)
            exit(2);
    for (int i = 0; i < 2; ++i)
        pthread_join(threads[i], NULL);
}

int main(int argc, char** argv) {
    const char* kind = argc > 1 ? argv[1] : "";
    locked = strcmp(kind, "locked") == 0;
    race();
    block = malloc(8);
    if (block == NULL)
        return 2;
    if (strcmp(kind, "overflow") == 0)
        block[argc + 6] = 'x';
    if (strcmp(kind, "leak") != 0)
        free(block);
    block = NULL;
    _exit(0); /* as many a server does: the tool has to look all the same */
}
