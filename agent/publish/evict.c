/* evict: DIAGNOSTICS: ERR_US for a malformed list, which hornero-collect never writes,
 * ERR_OPERATOR if a directory of Nova's is unusable. A file that must stay is a reply, not an
 * error. */
#include "agent/publish/evict.h"

#include "agent/common/current.h"
#include "agent/publish/dependents.h"
#include "agent/publish/novalock.h"
#include "agent/publish/staging.h"
#include "conf/image.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/inventory.h"
#include "store/nova.h"
#include "store/placed.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* The image's own name and that of the release. */
enum { NAMES_MAX = 2 };

struct name {
	char file[SHA1_HEX + 1];
	struct unchanged seen;
	int lock;
};

/* A file of the cache. */
struct victim {
	char uuid[UUID_LEN + 1];
	char digest[SHA256_HEX + 1];
	uint64_t ino;
	int64_t born_ns;
	struct fence fence;
	bool is_own; /* the image's own name is one of its names */
	struct name names[NAMES_MAX];
	size_t n;
};

static void victim_fini(struct victim *w)
{
	for (size_t i = 0; i < w->n; i++)
		unchanged_fini(&w->names[i].seen);
}

#define own_victim __attribute__((cleanup(victim_fini)))

struct eviction {
	const struct conf *conf;
	struct peer *peer;
	int cache;
	bool dry;
	char why[512]; /* why the last file stays */
};

static int parse(const char *line, struct victim *v, struct err *e)
{
	int len = 0;

	if (sscanf(line, "%36[0-9a-f-]/%64[0-9a-f] %20" SCNu64 " %19" SCNd64 " %n", v->uuid,
		   v->digest, &v->ino, &v->born_ns, &len) != 4 ||
	    !fence_parse(line + len, &v->fence) || !uuid_valid(v->uuid) || !sha256_valid(v->digest))
		return err_set(e, ERR_US,
			       "a line of an eviction is: IMAGE/DIGEST INODE BORN_NS JOB ATTEMPT "
			       "TOKEN");
	return 0;
}

static int stays(struct eviction *v, const char *why)
{
	snprintf(v->why, sizeof(v->why), "%s", why);
	return 0;
}

/* True if hornerod has allowed no publication of the image since the list was made. */
static bool is_fenced_so(const struct eviction *v, const struct victim *w)
{
	struct err ignored = ERR_INIT;
	struct fence now;

	return fence_read(v->conf, w->uuid, &now, &ignored) >= 0 && fence_same(&now, &w->fence);
}

static bool is_that_file(const struct eviction *v, const struct victim *w, const char *name)
{
	struct stat st;

	return fstatat(v->cache, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_ino == w->ino && fs_born_ns(v->cache, name) == w->born_ns;
}

/* Adds the name of the image or release `id` if the record has it for this file. The name comes
 * from `id`, never from the record: we look for instances by it. Returns 1 if added, 0 if not, -1
 * on error. */
static int add_name(const struct eviction *v, struct victim *w, const char *id,
		    const struct warm *record, enum warm_state state, struct err *e)
{
	struct name name = {.seen = UNCHANGED_INIT, .lock = -1};

	if (nova_cache_name(id, name.file, e) < 0)
		return -1;
	if (state != WARM_OK || record->ino != w->ino ||
	    strcmp(record->made.digest, w->digest) != 0 ||
	    strcmp(record->name, name.file) != 0 || !is_that_file(v, w, name.file))
		return 0;
	w->names[w->n++] = name;
	return 1;
}

/* Finds the names that our records have for the file. */
static int find_names(const struct eviction *v, struct victim *w, struct err *e)
{
	const struct conf *c = v->conf;
	char release[UUID_LEN + 1];
	enum warm_state state;
	struct warm record;
	int own;

	if (warm_look(c->store_dir, c->cache_dir, w->uuid, &record, &state, e) < 0)
		return -1;
	own = add_name(v, w, w->uuid, &record, state, e);
	if (own < 0 || nova_release(w->uuid, w->digest, release, e) < 0 ||
	    placed_look(c->store_dir, c->cache_dir, w->uuid, w->digest, &record, &state, e) < 0)
		return -1;
	w->is_own = own == 1;
	return add_name(v, w, release, &record, state, e) < 0 ? -1 : 0;
}

/* Returns 1 if kept forever or unknown, 0 if not, -1 on error. hornero-collect decides expiry. */
static int is_wanted(const struct eviction *v, const struct victim *w, struct err *e)
{
	own_image struct image img = {0};
	struct err why = ERR_INIT;

	if (image_load(v->conf->images_dir, w->uuid, &img, &why) < 0)
		return why.sys != ENOENT;
	if (image_keep_s(&img) >= 0)
		return 0;
	return w->is_own ? 1 : current_is(v->conf, &img, w->digest, e);
}

/* 1 it may go as far as files of ours say, 0 it stays. */
static int look(struct eviction *v, struct victim *w, struct err *e)
{
	int wanted;

	if (find_names(v, w, e) < 0)
		return -1;
	if (w->n == 0)
		return stays(v, "it is no longer the file that hornero published");
	wanted = is_wanted(v, w, e);
	if (wanted == 1)
		return stays(v, "its image keeps it warm, or its image file is broken");
	return wanted < 0 ? -1 : 1;
}

/* Returns 1 if no instance uses it under any of its names, 0 if it stays, -1 on error. */
static int is_free(struct eviction *v, struct victim *w, struct err *e)
{
	struct dependents d;

	for (size_t i = 0; i < w->n; i++) {
		if (dependents_scan(v->conf->instances_path, v->conf->cache_subdir,
				    w->names[i].file, &w->names[i].seen, &d, e) < 0)
			return -1;
		if (d.count > 0)
			return stays(v, d.text);
	}
	return 1;
}

/* Takes the locks in a fixed order, so that two publishers cannot deadlock. Nova holds one at a
 * time. */
static int take_locks(struct eviction *v, struct victim *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		w->names[i].lock = novalock_take(v->conf->instances_path, w->names[i].file, v->peer,
						 e);
		if (w->names[i].lock < 0)
			return -1;
	}
	return 0;
}

static void drop_locks(struct victim *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->names[i].lock >= 0)
			close(w->names[i].lock);
}

static int remove_names(struct eviction *v, const struct victim *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		if (FAILSTEP("evict-unlink", unlinkat(v->cache, w->names[i].file, 0)) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s", v->conf->cache_dir,
				       w->names[i].file);
		failpoint("evict-unlinked");
	}
	if (FAILSTEP("evict-sync", fsync(v->cache)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make %s durable", v->conf->cache_dir);
	return 1;
}

/* Runs while Nova waits for our locks: nothing slow here. */
static int take_out(struct eviction *v, struct victim *w, struct err *e)
{
	int rc;

	failpoint("evict-locked");
	if (!is_fenced_so(v, w))
		return stays(v, "a job of its image has started meanwhile");
	for (size_t i = 0; i < w->n; i++)
		if (!is_that_file(v, w, w->names[i].file))
			return stays(v, "another file has replaced it");
	rc = is_free(v, w, e);
	return rc == 1 ? remove_names(v, w, e) : rc;
}

/* Returns 1 if the file went (if dry: would go), with its size in *bytes, 0 if it stays, -1 on
 * error. */
static int evict(struct eviction *v, struct victim *w, int64_t *bytes, struct err *e)
{
	own_fd int held = -1; /* its blocks are freed at close, after we release the locks */
	struct stat st;
	int rc = look(v, w, e);

	if (rc == 1)
		rc = is_free(v, w, e);
	if (rc <= 0)
		return rc;
	held = openat(v->cache, w->names[0].file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (held < 0 || fstat(held, &st) < 0)
		return stays(v, "it was removed meanwhile");
	if (st.st_nlink > w->n)
		return stays(v, "it has another hard link, which no record lists: removing it "
				"would free nothing");
	*bytes = inventory_bytes_of(&st);
	if (v->dry)
		return 1;
	rc = take_locks(v, w, e) < 0 ? -1 : take_out(v, w, e);
	drop_locks(w);
	return rc;
}

int evict_run(const struct conf *c, int list, int64_t want_bytes, bool dry, struct peer *peer,
	      int *n, struct err *e)
{
	own_fd int cache = fs_open_dir(AT_FDCWD, c->cache_dir, e);
	struct eviction v = {.conf = c, .peer = peer, .cache = cache, .dry = dry};
	own_free char *text = NULL;
	char *rest, *line;
	size_t len;

	*n = 0;
	if (cache < 0 ||
	    fs_read_fd(list, "the list of an eviction", PROTOCOL_LIST_MAX, &text, &len, e) < 0)
		return -1;
	if (!dry)
		staging_sweep(cache);
	rest = text;
	while (want_bytes > 0 && (line = strsep(&rest, "\n")) && *line) {
		own_victim struct victim w = {0};
		int64_t bytes = 0;
		int rc = parse(line, &w, e) < 0 || peer_stop(peer, e) < 0
				 ? -1
				 : evict(&v, &w, &bytes, e);

		if (rc < 0)
			return -1;
		if (rc == 0) {
			peer_say(peer, "stays", "%" PRIu64 " %s", w.ino, v.why);
			continue;
		}
		peer_say(peer, "evicted", "%" PRIu64 " %" PRId64, w.ino, bytes);
		for (size_t i = 0; !dry && i < w.n; i++)
			log_info("event=evicted image=%s name=%s size_bytes=%" PRId64, w.uuid,
				 w.names[i].file, bytes);
		want_bytes -= bytes;
		*n += 1;
	}
	return 0;
}
