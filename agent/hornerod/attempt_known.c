/* attempt_known: an attempt that needs no supervisor, because the artifact is known. DIAGNOSTICS:
 * errors are left to the supervisor to find and report. If a pinned release is unavailable, the
 * verdict says so. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/attempt.h"

#include "agent/common/known.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* For `hornero log`. */
static int write_log(const struct conf *c, const struct verdict *v, struct err *e)
{
	own_free char *path = fs_path("%s/%lld.%lld.log", c->log_dir, (long long)v->made.job,
				      (long long)v->made.attempt);
	own_free char *why = v->made.pinned[0]
				     ? fs_path("the image is pinned to release %s", v->made.pinned)
				     : fs_path("%.12s was warm with the same builder",
					       v->made.commit);
	own_free char
		*text = v->class == ERR_NONE
				? fs_path("hornero: %s: artifact %.12s of the store, no build\n",
					  why, v->made.digest)
				: fs_path("hornero: %s\n", v->reason);
	own_fd int fd = fs_create(AT_FDCWD, path, O_WRONLY, 0640);

	if (fd < 0 || fchmod(fd, 0640) < 0 || fs_write_all(fd, text, strlen(text)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write the log %s", path);
	return 0;
}

bool attempt_known(const struct agent *a, const struct job *j, struct verdict *out)
{
	const char *inputs = j->force || j->clean ? "" : j->inputs;
	own_image struct image img = {0};
	struct verdict v = {.made.job = j->id, .made.attempt = j->attempt};
	struct err e = ERR_INIT;

	memcpy(v.made.image, j->image, sizeof(v.made.image));
	if (image_load(a->conf->images_dir, j->image, &img, &e) < 0 ||
	    known_now(a->conf, &img, inputs, &v) == 0 || write_log(a->conf, &v, &e) < 0 ||
	    verdict_write(a->conf->log_dir, &v, &e) < 0)
		return false;
	*out = v;
	return true;
}
