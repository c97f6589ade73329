// An object file of 16 GiB.
static char huge[1ull << 34] = {1};
__asm__(".section .huge\n.space 17179869184, 1\n");
int main(void) { return huge[5]; }
