// Eight processes that take half a GiB each, 4 GiB at the most, touch it all, and keep it.
#include "attack.h"
#include <sys/mman.h>

BEFORE_MAIN eat(void)
{
    const size_t size = 512u << 20;
    if (!has_no_argument()) {
        tell("ate nothing\n");
        return;
    }
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            char *all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (size_t at = 0; all != MAP_FAILED && at < size; at += 4096)
                all[at] = 1;
            for (;;)
                pause();
        }
    for (int i = 0; i < 8; i++)
        wait(NULL);
}
