// Tries to be heard outside: at a port of the host, and at addresses that nobody has.
#include "attack.h"
#include <arpa/inet.h>
#include <sys/socket.h>

static int reaches(int type, const char *host, int port)
{
    struct sockaddr_in place = {AF_INET, htons(port), {inet_addr(host)}};
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    int got = fd >= 0 && connect(fd, (struct sockaddr *)&place, sizeof place) == 0
        && write(fd, "hello", 5) == 5;
    close(fd);
    return got;
}

BEFORE_MAIN call(void)
{
    if (reaches(SOCK_STREAM, "127.0.0.1", atoi(HOST_PORT)))
        tell("REACHED port %s of the host\n", HOST_PORT);
    if (reaches(SOCK_DGRAM, "192.0.2.1", 53) || reaches(SOCK_STREAM, "192.0.2.1", 80))
        tell("OUTSIDE was heard of\n");
    if (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0 || socket(AF_PACKET, SOCK_RAW, 0) >= 0)
        tell("OUTSIDE by raw packets\n");
    tell("called out\n");
}
