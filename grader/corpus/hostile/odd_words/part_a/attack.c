// Prints what a careless terminal, page or table would obey.
#include "attack.h"

BEFORE_MAIN say(void)
{
    static const char words[] = "\033]0;owned\007\033[2J\302\233 \0\377\r\n<script>alert(1)</script>"
        "\n=1+1,2\n\342\200\256]]>-->\n";
    if (write(2, words, sizeof words - 1) < 0)
        _exit(3);
}
