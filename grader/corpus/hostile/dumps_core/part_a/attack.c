// Wants a large core dump to be left somewhere.
#include "attack.h"
#include <sys/prctl.h>
#include <sys/resource.h>

BEFORE_MAIN dump(void)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    if (!has_no_argument())
        return;
    setrlimit(RLIMIT_CORE, &all);
    prctl(PR_SET_DUMPABLE, 1);
    memset(malloc(256 << 20), 1, 256 << 20);
    abort();
}
