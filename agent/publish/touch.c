/* touch: DIAGNOSTICS: ERR_US for a malformed list, which hornero-keep never writes, ERR_OPERATOR
 * if a time cannot be set. A file that is gone or was replaced is skipped. */
#include "agent/publish/touch.h"

#include "agent/common/protocol.h"
#include "agent/publish/staging.h"
#include "conf/image.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/uuid.h"
#include "store/nova.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

struct wanted {
	char uuid[UUID_LEN + 1];
	char digest[SHA256_HEX + 1]; /* "": the image's own name */
	uint64_t ino;
	int64_t seen_ns, new_ns;
};

static const int64_t S_NS = 1000000000;

/* "UUID" or "UUID/DIGEST" */
static bool take_target(const char *target, struct wanted *w)
{
	size_t len = strlen(target);

	if (len != UUID_LEN && (len != UUID_LEN + 1 + SHA256_HEX || target[UUID_LEN] != '/'))
		return false;
	memcpy(w->uuid, target, UUID_LEN);
	w->uuid[UUID_LEN] = w->digest[0] = '\0';
	if (len > UUID_LEN)
		memcpy(w->digest, target + UUID_LEN + 1, sizeof(w->digest));
	return uuid_valid(w->uuid) && (w->digest[0] == '\0' || sha256_valid(w->digest));
}

static int parse(const char *line, struct wanted *w, struct err *e)
{
	char target[UUID_LEN + 1 + SHA256_HEX + 1];
	char end;

	if (sscanf(line, "%101[0-9a-f/-] %20" SCNu64 " %19" SCNd64 " %19" SCNd64 "%c", target,
		   &w->ino, &w->seen_ns, &w->new_ns, &end) != 4 ||
	    !take_target(target, w))
		return err_set(e, ERR_US,
			       "a line of a touch is: UUID[/DIGEST] INODE SEEN_NS NEW_NS");
	if (w->new_ns <= w->seen_ns || w->new_ns / 1000000 > clock_wall_ms())
		return err_set(e, ERR_US,
			       "a touch gives image %s a time not after the present one, or in the "
			       "future",
			       w->uuid);
	return 0;
}

static bool is_registered(const struct conf *c, const char *uuid)
{
	own_image struct image img = {0};
	struct err e = ERR_INIT;

	return image_load(c->images_dir, uuid, &img, &e) == 0 || e.sys != ENOENT;
}

/* Returns 1 if touched, 0 if it is another file by now or its image is not registered, -1 on
 * error. */
static int touch_one(const struct conf *c, int cache, const struct wanted *w, struct err *e)
{
	const struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT}, {.tv_sec = w->new_ns / S_NS, .tv_nsec = w->new_ns % S_NS},
	};
	char release[UUID_LEN + 1], name[SHA1_HEX + 1];
	struct stat st;

	if (!is_registered(c, w->uuid))
		return 0;
	if ((w->digest[0] && nova_release(w->uuid, w->digest, release, e) < 0) ||
	    nova_cache_name(w->digest[0] ? release : w->uuid, name, e) < 0)
		return -1;
	if (fstatat(cache, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_ino != w->ino ||
	    (int64_t)st.st_mtim.tv_sec * S_NS + st.st_mtim.tv_nsec != w->seen_ns)
		return 0;
	if (utimensat(cache, name, times, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0
			       : err_sys(e, ERR_OPERATOR, "cannot set the time of %s/%s",
					 c->cache_dir, name);
}

int touch_run(const struct conf *c, int list, int *n, struct err *e)
{
	own_fd int cache = fs_open_dir(AT_FDCWD, c->cache_dir, e);
	own_free char *text = NULL;
	char *rest, *line;
	size_t len;

	*n = 0;
	if (cache < 0 ||
	    fs_read_fd(list, "the list of a touch", PROTOCOL_LIST_MAX, &text, &len, e) < 0)
		return -1;
	staging_sweep(cache);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		struct wanted w;
		int rc = parse(line, &w, e) < 0 ? -1 : touch_one(c, cache, &w, e);

		if (rc < 0)
			return -1;
		*n += rc;
	}
	log_info("event=touched files=%d", *n);
	return 0;
}
