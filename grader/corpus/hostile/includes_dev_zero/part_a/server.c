// Wants to be compiled for ever.
#include "/dev/zero"
int main(void) { return 0; }
