// Appends to the linked file, and changes its mode and its times.
#include "attack.h"
#include <sys/time.h>

BEFORE_MAIN change(void)
{
    const char *places[] = {"part_a/linked", "linked"};
    for (unsigned i = 0; i < 2; i++) {
        int fd = open(places[i], O_WRONLY | O_APPEND);
        if (fd < 0)
            continue;
        tell("wrote %ld\n", (long)write(fd, "changed while it ran\n", 21));
        close(fd);
    }
    chmod("part_a/linked", 0777);
    utimes("part_a/linked", NULL);
    tell("wrote what it could: %s\n", strerror(errno));
}
