/* fence: one file per image, renamed into place. Not fsynced: no publisher outlives a power cut.
 * DIAGNOSTICS: ERR_OPERATOR where fence_dir is not ours to write. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/fence.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

static int make_token(char token[FENCE_TOKEN + 1], struct err *e)
{
	unsigned char raw[FENCE_TOKEN / 2];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_sys(e, ERR_US, "no random bytes for a fence");
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(token + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

int fence_set(const struct conf *c, const char *image, int64_t job, int64_t attempt, char token[FENCE_TOKEN + 1],
	      struct err *e)
{
	own_free char *path = fs_path("%s/%s", c->fence_dir, image);
	own_free char *aside = fs_path("%s/.%s.tmp", c->fence_dir, image);
	own_fd int fd = fs_create(AT_FDCWD, aside, O_WRONLY, 0644);
	char line[128];
	int n;

	if (make_token(token, e) < 0)
		return -1;
	n = snprintf(line, sizeof(line), "%lld %lld %s\n", (long long)job, (long long)attempt, token);
	if (fd < 0 || fchmod(fd, 0644) < 0 || fs_write_all(fd, line, (size_t)n) < 0 || rename(aside, path) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot set the fence %s", path);
	return 0;
}
