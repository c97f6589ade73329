// Stops everything that would notice.
#include "attack.h"

BEFORE_MAIN stop(void)
{
    if (!has_no_argument())
        return;
    kill(getppid(), SIGSTOP);
    kill(0, SIGSTOP);
}
