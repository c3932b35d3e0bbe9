/* symref: DIAGNOSTICS: none; a ref that cannot be read is left to git. */
#include "hooks/symref.h"

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SYMBOLIC "ref:"

bool symref_target(const char *ref, char target[SYMREF_MAX])
{
	own_fd int fd = open(ref, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, target, SYMREF_MAX - 1)
		    : errno == ELOOP ? readlink(ref, target, SYMREF_MAX - 1) : -1;
	size_t skip = fd >= 0 ? strlen(SYMBOLIC) : 0;

	target[n > 0 ? n : 0] = '\0';
	if (n <= 0 || (fd >= 0 && strncmp(target, SYMBOLIC, skip) != 0))
		return false;
	skip += strspn(target + skip, " \t");
	memmove(target, target + skip, strlen(target + skip) + 1);
	target[strcspn(target, "\r\n")] = '\0';
	return true;
}
