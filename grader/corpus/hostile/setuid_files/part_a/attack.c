// Starts what has a setuid bit, its own and the system's, and asks who it is.
#include "attack.h"

BEFORE_MAIN start(void)
{
    if (geteuid() == 0 || getuid() != geteuid() || setuid(0) == 0)
        tell("ROOT by its own bit\n");
    if (system("for p in part_a/suid.sh ./part_a/cat /usr/bin/su /usr/bin/mount; do [ -u $p ] && "
               "case $p in *cat) $p /etc/shadow;; *suid*) [ $($p) = 0 ];; *) false;; esac && "
               "echo ROOT by $p >&2; done 2>/dev/null") < 0)
        tell("no shell\n");
    tell("still uid %d\n", (int)getuid());
}
