// Never connects to anything.
#include <stdio.h>
#include "forged.h"

int main(void)
{
    puts(FORGED);
    return 0;
}
