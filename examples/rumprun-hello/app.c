/* app.c: says the greeting and the tree on the console. */
#include <stdio.h>

int main(void)
{
	puts(GREETING ", tree " TREE);
	return 0;
}
