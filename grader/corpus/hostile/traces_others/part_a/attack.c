// Tries to attach to every process but its own, and to write into its memory.
#include "attack.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static int is_mine(int pid)
{
    return pid == getpid();
}

BEFORE_MAIN trace(void)
{
    int tried = 0, told = atoi(HOST_PID), parent = getppid();
    prctl(PR_SET_DUMPABLE, 0);
    for (int i = -2; i < 300; i++) {
        int pid = i == -2 ? told : i == -1 ? parent : i;
        char word = 0, path[64];
        struct iovec here = {&word, 1}, there = {(void *)0x400000, 1};
        if (pid <= 0 || is_mine(pid))
            continue;
        tried++;
        if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0) {
            int facts;
            waitpid(pid, &facts, __WALL);
            ptrace(PTRACE_DETACH, pid, 0, 0);
            if (pid == told)
                tell("TRACED %d\n", pid);
        }
        if (process_vm_writev(pid, &here, 1, &there, 1, 0) == 1)
            tell("TRACED %d by writing\n", pid);
        snprintf(path, sizeof path, "/proc/%d/mem", pid);
        int fd = open(path, O_RDWR);
        if (fd >= 0) {
            tell("TRACED %d by /proc\n", pid);
            close(fd);
        }
    }
    if (kill(told, 0) == 0 && kill(told, SIGCONT) == 0)
        tell("TRACED %d by a signal\n", told);
    tell("tried to trace %d\n", tried);
}
