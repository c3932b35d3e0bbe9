/* hello.c: the program that OSv runs. Says the greeting and the tree on the console. */
#include <stdio.h>

int main(void)
{
	puts(GREETING ", tree " TREE);
	return 0;
}
