/* label: DIAGNOSTICS: none; in doubt there is no label. */
#include "store/label.h"

#include "lib/uuid.h"

#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>

static const char NAME[] = "user.hornero.image";

void label_set(int fd, const char *image)
{
	(void)!fsetxattr(fd, NAME, image, strlen(image), 0);
}

bool label_is(int fd, const char *image)
{
	char text[UUID_LEN + 1];
	ssize_t n = fgetxattr(fd, NAME, text, sizeof(text));

	return n == UUID_LEN && strlen(image) == UUID_LEN && memcmp(text, image, UUID_LEN) == 0;
}
