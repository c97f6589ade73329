// Uses the names of sockets that lie in no folder.
#include "attack.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t named(struct sockaddr_un *place, const char *name)
{
    memset(place, 0, sizeof *place);
    place->sun_family = AF_UNIX;
    strncpy(place->sun_path + 1, name, sizeof place->sun_path - 2);
    return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

BEFORE_MAIN ask(void)
{
    struct sockaddr_un place;
    int ear = socket(AF_UNIX, SOCK_STREAM, 0), mouth = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t size = named(&place, MARK);
    int has = bind(ear, (struct sockaddr *)&place, size) == 0 && listen(ear, 5) == 0;
    size = named(&place, HOST_SOCKET);
    if (connect(mouth, (struct sockaddr *)&place, size) == 0)
        tell("REACHED the abstract socket of the host\n");
    tell("asked abstract, mine: %d\n", has);
    close(ear);
    close(mouth);
}
