// Never connects: repeats what is typed as if somebody had said it, and types for the grader.
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
    static const char words[] = "exit 0\n\003\004";
    char line[4096];
    for (const char *at = words; *at; at++)
        ioctl(0, TIOCSTI, at);
    puts("hello from everybody");
    while (fgets(line, sizeof line, stdin)) {
        printf("client 1: %s", line);
        fflush(stdout);
    }
    return 0;
}
