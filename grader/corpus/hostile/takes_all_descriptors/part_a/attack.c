// Opens files, sockets, pipes and pseudo-terminals until it may not.
#include "attack.h"
#include <sys/socket.h>

BEFORE_MAIN take(void)
{
    int ends[2], taken = 0;
    if (!has_no_argument())
        return;
    while (taken < 20000 && (pipe(ends) == 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0
                             || open("/dev/ptmx", O_RDWR) >= 0 || open("/dev/null", O_RDONLY) >= 0))
        taken++;
    tell("took %d\n", taken);
}
