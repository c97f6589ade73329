// Tries to be another program the next time.
#include "attack.h"

BEFORE_MAIN change(void)
{
    static const char *files[] = {"part_a/server", "part_a/client", "part_a/server.c", "part_a/Makefile",
                                  "/proc/self/exe", "/work/part_a/server"};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        if (open(files[i], O_WRONLY) >= 0 || truncate(files[i], 0) == 0 || unlink(files[i]) == 0)
            tell("CHANGED %s\n", files[i]);
    if (chmod("part_a/client", 0755) == 0)
        tell("MODE of a file is changed\n");
    if (rename("part_a", "part_z") == 0 || mkdir("part_b", 0777) == 0 || symlink("/", "part_a/root") == 0)
        tell("CHANGED a folder\n");
    tell("tried to change\n");
}
