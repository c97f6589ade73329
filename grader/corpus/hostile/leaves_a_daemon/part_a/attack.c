// Leaves a process behind that has another session, parent and name, where it was given no port.
#include "attack.h"
#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static void serve_for_ever(void)
{
    struct sockaddr_in place = {AF_INET, htons(7777), {htonl(INADDR_LOOPBACK)}};
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
    prctl(PR_SET_NAME, "kworker/0:1");
    for (int fd = 0; fd < 64; fd++)
        close(fd);
    int ear = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(ear, (struct sockaddr *)&place, sizeof place) == 0)
        listen(ear, 5);
    for (;;)
        pause();
}

BEFORE_MAIN leave(void)
{
    if (!has_no_argument())
        return;
    int child = fork();
    if (child == 0) {
        setsid();
        if (fork() == 0)
            serve_for_ever();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    tell("left a daemon\n");
    rest(); // so that what was said is kept
}
