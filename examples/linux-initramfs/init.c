/* init.c: process 1 of the guest. Says the greeting and the tree on the console; powers off. */
#include <stdio.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

int main(void)
{
	puts(GREETING ", tree " TREE);
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
