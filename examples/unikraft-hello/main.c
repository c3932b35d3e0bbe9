/* main.c: says a line on the console. */
#include "words.h"

#include <stdio.h>

int main(void)
{
	puts(GREETING ", tree " TREE);
	return 0;
}
