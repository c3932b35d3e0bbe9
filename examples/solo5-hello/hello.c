/* hello.c: a program for Solo5 that says a line on the console and ends. */
#include "solo5.h"

int solo5_app_main(const struct solo5_start_info *info)
{
	static const char text[] = GREETING ", tree " TREE "\n";

	(void)info;
	solo5_console_write(text, sizeof(text) - 1);
	return SOLO5_EXIT_SUCCESS;
}
