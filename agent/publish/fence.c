/* fence: DIAGNOSTICS: ERR_NOBODY where no attempt, or another one, may publish the image. */
#include "agent/publish/fence.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

int fence_check(const struct conf *conf, const struct peer_request *req, struct err *e)
{
	own_free char *path = fs_path("%s/%s", conf->fence_dir, req->image);
	own_free char *want = fs_path("%lld %lld %s\n", (long long)req->job, (long long)req->attempt, req->token);
	own_free char *found = NULL;
	size_t len;

	if (fs_read(AT_FDCWD, path, 256, &found, &len, e) < 0) {
		e->class = ERR_NOBODY;
		return err_wrap(e, "fenced: no attempt of image %s may publish", req->image);
	}
	if (strcmp(found, want) != 0)
		return err_set(e, ERR_NOBODY, "fenced: image %s belongs to another attempt by now", req->image);
	return 0;
}
