// A fork bomb with an upper bound.
#include "attack.h"

BEFORE_MAIN bomb(void)
{
    int made = 0;
    if (!has_no_argument())
        return;
    while (made < 3000) {
        int pid = fork();
        if (pid == 0)
            for (;;)
                pause();
        if (pid < 0)
            break;
        made++;
    }
    tell("forked %d times, then: %s\n", made, strerror(errno));
    rest(); // with all of them, and so that what was said is kept
}
