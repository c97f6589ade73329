// Leaves a file in every folder that it knows, and spoils what is there.
#include "attack.h"

BEFORE_MAIN spoil(void)
{
    static const char *folders[] = {
        "/", "/etc", "/etc/cron.d", "/usr", "/usr/bin", "/usr/local/bin", "/usr/lib", "/lib", "/root",
        "/home", "/var/spool/cron", "/var/lib", "/run", "/run/out", "/run/cache", "/run/grader", "/run/sub",
        "/dev", "/proc/sys/kernel", "/sys", HOST_FOLDER, HOST_RESULTS, HOST_GRADER, HOST_GRADER "/checks",
        "/var/lib/proactor-lab", "/run/proactor-lab",
    };
    static const char *everybodys[] = {"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/home/student"};
    char path[4200];
    int wrote = 0;
    for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/" MARK, folders[i]);
        if (open(path, O_WRONLY | O_CREAT, 0777) >= 0 || mkdir(path, 0777) == 0
            || symlink("/etc/shadow", path) == 0 || mkfifo(path, 0666) == 0)
            tell("OUTSIDE %s\n", path);
    }
    for (unsigned i = 0; i < sizeof everybodys / sizeof *everybodys; i++) {
        snprintf(path, sizeof path, "%s/" MARK, everybodys[i]);
        wrote += open(path, O_WRONLY | O_CREAT, 0777) >= 0;
        snprintf(path, sizeof path, "%s/" MARK "-link", everybodys[i]);
        wrote += symlink(HOST_SECRET, path) == 0;
    }
    if (unlink(HOST_SECRET) == 0 || rename(HOST_OTHER, "mine") == 0 || chmod(HOST_OTHER, 0) == 0
        || truncate(HOST_OTHER, 0) == 0 || open(HOST_SECRET, O_WRONLY) >= 0
        || link(HOST_SECRET, "/tmp/" MARK "-hard") == 0)
        tell("OUTSIDE is spoilt\n");
    tell("wrote %d\n", wrote);
    for (int fd = 3; fd < 200; fd++)
        close(fd);
}
