// Prints 64 MiB to both outputs before it listens, escapes and no end of a line among them.
#include "attack.h"

BEFORE_MAIN flood(void)
{
    static char block[1 << 16];
    if (!has_no_argument())
        return;
    for (unsigned i = 0; i < sizeof block; i++)
        block[i] = "\033[2J\007x<\xff"[i % 8];
    for (int i = 0; i < 1024; i++)
        for (int fd = 1; fd <= 2; fd++)
            if (write(fd, block, sizeof block) < 0)
                _exit(3);
}
