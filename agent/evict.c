/* evict: DIAGNOSTICS: ERR_US for a list that hornero-collect cannot have written, ERR_OPERATOR where a directory of Nova's
 * cannot be used; a file that must stay is a reply, no error. */
#include "agent/evict.h"

#include "agent/dependents.h"
#include "agent/novalock.h"
#include "conf/image.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/inventory.h"
#include "store/warm.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

struct victim {
	char uuid[UUID_LEN + 1];
	uint64_t ino;
	int64_t born_ns;
	char fence[128]; /* "JOB ATTEMPT TOKEN" */
	struct warm warm;
};

struct eviction {
	const struct conf *conf;
	struct peer *peer;
	int cache;
	bool dry;
	char why[512]; /* it stays */
};

static int parse(const char *line, struct victim *v, struct err *e)
{
	long long job, attempt;
	char token[PEER_TOKEN_MAX + 1];
	char end;

	if (sscanf(line, "%36[0-9a-f-] %20" SCNu64 " %19" SCNd64 " %18lld %18lld %64[A-Za-z0-9._-]%c", v->uuid, &v->ino, &v->born_ns, &job,
		   &attempt, token, &end) != 6 || !uuid_valid(v->uuid))
		return err_set(e, ERR_US, "a line of an eviction is: UUID INODE BORN_NS JOB ATTEMPT TOKEN");
	snprintf(v->fence, sizeof(v->fence), "%lld %lld %s", job, attempt, token);
	return 0;
}

static int stays(struct eviction *v, const char *why)
{
	snprintf(v->why, sizeof(v->why), "%s", why);
	return 0;
}

/* No publication has been allowed since the list was made. */
static bool is_fenced_so(const struct eviction *v, const struct victim *w)
{
	own_free char *path = fs_path("%s/%s", v->conf->fence_dir, w->uuid);
	own_free char *found = NULL;
	struct err e = ERR_INIT;
	size_t len;

	if (fs_read(AT_FDCWD, path, 256, &found, &len, &e) < 0)
		return e.sys == ENOENT && strcmp(w->fence, "0 0 -") == 0;
	found[strcspn(found, "\n")] = '\0';
	return strcmp(found, w->fence) == 0;
}

static bool is_that_file(const struct eviction *v, const struct victim *w)
{
	struct stat st;

	return fstatat(v->cache, w->warm.name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_ino == w->ino &&
	       fs_born_ns(v->cache, w->warm.name) == w->born_ns;
}

/* 1 it may go as far as files of ours say, 0 it stays. */
static int look(struct eviction *v, struct victim *w, struct err *e)
{
	own_image struct image img = {0};
	struct err why = ERR_INIT;
	enum warm_state state;

	if (image_load(v->conf->images_dir, w->uuid, &img, &why) == 0 ? image_keep_s(&img) < 0 : why.sys != ENOENT)
		return stays(v, "its image wishes it warm, or its image file is broken");
	if (warm_look(v->conf->store_dir, v->conf->cache_dir, w->uuid, &w->warm, &state, e) < 0)
		return -1;
	if (state != WARM_OK || w->warm.ino != w->ino || !is_that_file(v, w))
		return stays(v, "it is not the file that hornero published any more");
	return 1;
}

/* 1 nobody stands on it, 0 it stays. */
static int is_free(struct eviction *v, const struct victim *w, struct quiet *seen, struct err *e)
{
	struct dependents d;

	if (dependents_scan(v->conf->instances_path, v->conf->cache_subdir, w->warm.name, seen, &d, e) < 0)
		return -1;
	return d.count == 0 ? 1 : stays(v, d.text);
}

/* All that happens while Nova waits for us. */
static int take_out(struct eviction *v, const struct victim *w, struct quiet *seen, struct err *e)
{
	int rc;

	failpoint("evict-locked");
	if (!is_fenced_so(v, w))
		return stays(v, "a job of its image has begun meanwhile");
	if (!is_that_file(v, w))
		return stays(v, "it is another file by now");
	rc = is_free(v, w, seen, e);
	if (rc <= 0)
		return rc;
	if (unlinkat(v->cache, w->warm.name, 0) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s", v->conf->cache_dir, w->warm.name);
	failpoint("evict-unlinked");
	if (fsync(v->cache) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make %s durable", v->conf->cache_dir);
	return 1;
}

/* 1 gone (or would go), *bytes says how much; 0 it stays; -1. */
static int evict(struct eviction *v, struct victim *w, int64_t *bytes, struct err *e)
{
	own_quiet struct quiet seen = QUIET_INIT;
	own_fd int held = -1; /* its blocks are freed when it is closed, after the lock */
	own_fd int lock = -1;
	struct stat st;
	int rc = look(v, w, e);

	if (rc == 1)
		rc = is_free(v, w, &seen, e);
	if (rc <= 0)
		return rc;
	held = openat(v->cache, w->warm.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (held < 0 || fstat(held, &st) < 0)
		return stays(v, "it went by itself");
	*bytes = st.st_nlink > 1 ? 0 : inventory_bytes_of(&st);
	if (v->dry)
		return 1;
	lock = novalock_take(v->conf->instances_path, w->warm.name, v->peer, e);
	return lock < 0 ? -1 : take_out(v, w, &seen, e);
}

int evict_run(const struct conf *c, int list, int64_t want_bytes, bool dry, struct peer *peer, int *n, struct err *e)
{
	own_fd int cache = fs_open_dir(AT_FDCWD, c->cache_dir, e);
	struct eviction v = {.conf = c, .peer = peer, .cache = cache, .dry = dry};
	own_free char *text = NULL;
	char *rest, *line;
	size_t len;

	*n = 0;
	if (cache < 0 || fs_read_fd(list, "the list of an eviction", EVICT_LIST_MAX, &text, &len, e) < 0)
		return -1;
	rest = text;
	while (want_bytes > 0 && (line = strsep(&rest, "\n")) && *line) {
		struct victim w = {0};
		int64_t bytes = 0;
		int rc = parse(line, &w, e) < 0 || peer_stop(peer, e) < 0 ? -1 : evict(&v, &w, &bytes, e);

		if (rc < 0)
			return -1;
		if (rc == 0) {
			peer_say(peer, "stays", "%s %s", w.uuid, v.why);
			continue;
		}
		peer_say(peer, "evicted", "%s %" PRId64, w.uuid, bytes);
		if (!dry)
			log_info("event=evicted image=%s name=%s size_bytes=%" PRId64, w.uuid, w.warm.name, bytes);
		want_bytes -= bytes;
		*n += 1;
	}
	return 0;
}
