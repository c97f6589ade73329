// Asks for what leads out of a sandbox.
#include "attack.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static void asked(const char *what, long got)
{
    if (got >= 0)
        tell("GOT %s\n", what);
}

BEFORE_MAIN ask(void)
{
    static char zeros[256];
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    asked("a user namespace", unshare(CLONE_NEWUSER));
    asked("a mount namespace", unshare(CLONE_NEWNS));
    asked("a network", unshare(CLONE_NEWNET));
    asked("a mount", mount("none", "/tmp", "tmpfs", 0, ""));
    asked("a mount by its new name", syscall(SYS_fsopen, "tmpfs", 0));
    asked("a root", chroot("/tmp"));
    asked("no root", umount2("/proc", MNT_DETACH));
    asked("a uid", setuid(0));
    asked("groups", setgid(0));
    asked("keys", syscall(SYS_keyctl, 0, -3, 0));
    asked("a ring", syscall(SYS_io_uring_setup, 8, zeros));
    asked("a program in the kernel", syscall(SYS_bpf, 0, zeros, sizeof zeros));
    asked("counters", syscall(SYS_perf_event_open, zeros, 0, -1, -1, 0));
    asked("more processes", setrlimit(RLIMIT_NPROC, &all));
    asked("larger files", setrlimit(RLIMIT_FSIZE, &all));
    asked("a better priority", setpriority(PRIO_PROCESS, 0, -20));
    asked("a host name", sethostname("mine", 4));
    asked("the time", syscall(SYS_settimeofday, zeros, NULL));
    asked("settings", open("/proc/sys/kernel/shmall", O_WRONLY));
    asked("settings", open("/proc/sys/kernel/core_pattern", O_WRONLY));
    asked("cgroups", open("/sys/fs/cgroup/cgroup.procs", O_WRONLY));
    asked("the OOM killer's mercy", open("/proc/self/oom_score_adj", O_RDONLY) < 0 ? 0 : -1);
    tell("asked the kernel\n");
}
