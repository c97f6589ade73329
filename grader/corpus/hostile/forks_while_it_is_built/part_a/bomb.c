// Makes 3,000 processes that wait, if it may, and leaves room for a compiler.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    static int made[3000];
    int count = 0;
    while (count < 3000 && (made[count] = fork()) > 0)
        count++;
    if (count < 3000 && made[count] == 0)
        for (;;)
            pause();
    printf("%d processes\n", count);
    for (int i = 0; i < count && i < 30; i++)
        kill(made[i], SIGKILL);
    return 0;
}
