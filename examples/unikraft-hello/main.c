/* main.c: says a line on the console. */
#include <stdio.h>

int main(void)
{
	puts("hello from hornero");
	return 0;
}
