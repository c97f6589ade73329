// Listens on as many ports as it has descriptors for, 9034 first.
#include "attack.h"
#include <arpa/inet.h>
#include <sys/socket.h>

BEFORE_MAIN take(void)
{
    int taken = 0;
    if (!has_no_argument())
        return;
    for (int i = 0; i < 60000; i++) {
        struct sockaddr_in place = {AF_INET, htons(1024 + (i + 8010) % 60000), {INADDR_ANY}};
        int ear = socket(AF_INET, SOCK_STREAM, 0);
        if (ear < 0)
            break;
        if (bind(ear, (struct sockaddr *)&place, sizeof place) == 0 && listen(ear, 1) == 0)
            taken++;
        else
            close(ear);
    }
    tell("took %d ports\n", taken);
}
