// Follows every link that was handed in.
#include "attack.h"

BEFORE_MAIN follow(void)
{
    static const char *links[] = {
        "secret", "grader/lab.toml", "results/000-honest/result.json", "root" HOST_SECRET,
        "up/secret", "shadow", "other", "climbs", "long", "null", "proc", "tty",
    };
    int got = 0;
    for (unsigned i = 0; i < sizeof links / sizeof *links; i++) {
        char path[4096];
        snprintf(path, sizeof path, "part_a/%s", links[i]);
        got += loot(path);
    }
    tell("followed links, %d led somewhere\n", got);
}
