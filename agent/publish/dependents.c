/* dependents: DIAGNOSTICS: ERR_OPERATOR if instances_path itself cannot be listed. An instance that
 * cannot be read counts as a dependent, and the text says why. */
#include "agent/publish/dependents.h"

#include "agent/publish/backing.h"
#include "agent/publish/diskinfo.h"
#include "lib/escape.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/nova.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* Names shown before "and N more". */
enum { SHOWN = 4 };

struct scan {
	const char *base;      /* absolute path */
	const char *base_name; /* its last part */
	struct stat cache;     /* the directory that holds it */
	struct stat st;        /* the base itself */
	bool is_there;
	struct unchanged *seen;
	bool has_links; /* the current instance has symbolic links: their targets change unseen */
	struct dependents *out;
	char names[256];
	char doubt[256]; /* the first disk that could not be read, and why */
};

enum stands { STANDS_NOT, STANDS, UNKNOWN };

/* Compares inodes if the path is not spelled as the base: through a symbolic link, "..", a relative
 * name or another mount. */
static enum stands look_at(const struct scan *s, int dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	own_free char *parent = NULL;
	struct stat st, own;

	/* A hard link, such as the name of a release, keeps the old bytes when the base is
	 * replaced; a symbolic link would lead to the new ones. */
	if (s->is_there && fstatat(dir, path, &st, 0) == 0 && fs_is_same(&st, &s->st) &&
	    (fstatat(dir, path, &own, AT_SYMLINK_NOFOLLOW) < 0 || S_ISLNK(own.st_mode)))
		return STANDS;
	if (strcmp(slash ? slash + 1 : path, s->base_name) != 0)
		return STANDS_NOT;
	parent = slash ? fs_path("%.*s", (int)(slash - path) + 1, path) : fs_path(".");
	if (fstatat(dir, parent, &st, 0) < 0)
		return STANDS; /* the base's file name, in a directory that we cannot see */
	return fs_is_same(&st, &s->cache) ? STANDS : STANDS_NOT;
}

/* Like look_at(), without touching the path: a guest may have written the header, and opening its
 * path may hang or have side effects. Nova always names a base by its own file name. */
static enum stands by_text(const struct scan *s, const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, s->base_name) == 0 ? STANDS : STANDS_NOT;
}

static enum stands read_backing(const struct scan *s, int dir, const char *disk, int fd)
{
	struct backing b;
	const char *path = NULL;

	switch (backing_read(fd, &b)) {
	case OVERLAY_NONE:
		return STANDS_NOT;
	case OVERLAY_BAD:
		return UNKNOWN;
	case OVERLAY_BACKED:
		break;
	}
	switch (overlay_match(b.name, s->base, &path)) {
	case OVERLAY_NO:
		return STANDS_NOT;
	case OVERLAY_YES:
		return STANDS;
	case OVERLAY_LOOK:
		break;
	}
	switch (diskinfo_format(dir, disk)) {
	case DISKINFO_RAW:
		return STANDS_NOT;
	case DISKINFO_QCOW2:
		return look_at(s, dir, path);
	case DISKINFO_UNKNOWN:
		break;
	}
	return by_text(s, path);
}

static enum stands look_at_disk(struct scan *s, int dir, const char *disk)
{
	own_fd int fd = openat(dir, disk, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	enum stands a;
	int why;

	/* An instance may end while we look. */
	if (fd < 0)
		return errno == ENOENT ? STANDS_NOT : UNKNOWN;
	if (fstat(fd, &st) < 0)
		return UNKNOWN;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return STANDS_NOT;
	s->out->looked++;
	a = read_backing(s, dir, disk, fd);
	why = errno;
	/* A qcow2 header in a raw disk was written by the guest. */
	if (a != STANDS_NOT && diskinfo_format(dir, disk) == DISKINFO_RAW)
		return STANDS_NOT;
	errno = why;
	return a;
}

static void note_doubt(struct scan *s, const char *instance, const char *disk, int number)
{
	char what[160];

	if (s->doubt[0] != '\0')
		return;
	snprintf(what, sizeof(what), "%.80s/%.60s", instance, disk);
	snprintf(s->doubt, sizeof(s->doubt), "%s: %s", what,
		 number == EBADMSG ? "its qcow2 header is invalid or names a data file"
				   : strerror(number));
}

static enum stands list_disks(struct scan *s, DIR *d, const char *instance)
{
	struct dirent *entry;

	while ((errno = 0, entry = readdir(d))) {
		enum stands a;

		if (strncmp(entry->d_name, "disk", 4) != 0)
			continue;
		s->has_links |= entry->d_type != DT_REG;
		a = look_at_disk(s, dirfd(d), entry->d_name);
		if (a == UNKNOWN)
			note_doubt(s, instance, entry->d_name, errno);
		if (a == STANDS && s->out->disk[0] == '\0')
			snprintf(s->out->disk, sizeof(s->out->disk), "%s/%s", instance,
				 entry->d_name);
		if (a != STANDS_NOT)
			return a;
	}
	if (errno == 0)
		return STANDS_NOT;
	note_doubt(s, instance, "", errno);
	return UNKNOWN;
}

static enum stands look_at_instance(struct scan *s, int top, const char *instance)
{
	own_fd int fd = -1;
	own_dir DIR *d = NULL;
	struct stat before;
	enum stands a;

	if (fstatat(top, instance, &before, 0) == 0 && unchanged_knows(s->seen, &before))
		return STANDS_NOT;
	fd = openat(top, instance, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return STANDS_NOT;
	d = fd < 0 || fstat(fd, &before) < 0 ? NULL : fdopendir(fd);
	if (!d) {
		note_doubt(s, instance, "", errno);
		return UNKNOWN;
	}
	fd = -1; /* the stream owns it now */
	s->has_links = false;
	a = list_disks(s, d, instance);
	if (a == STANDS_NOT && !s->has_links)
		unchanged_add(s->seen, &before);
	return a;
}

static void count_in(struct scan *s, const char *instance)
{
	size_t used = strlen(s->names);

	if (s->out->count++ < SHOWN)
		snprintf(s->names + used, sizeof(s->names) - used, "%s%.60s", used ? ", " : "",
			 instance);
}

/* "instances A, B and 7 more stand on the present bytes; cannot read A/disk: …" */
static void say(struct scan *s)
{
	unsigned int n = s->out->count;
	char text[640];
	char more[32] = "";

	if (n > SHOWN)
		snprintf(more, sizeof(more), " and %u more", n - SHOWN);
	snprintf(text, sizeof(text), "%s %s%s %s on the present bytes%s%s%s",
		 n == 1 ? "instance" : "instances", s->names, more,
		 s->doubt[0] ? "may stand"
		 : n == 1    ? "stands"
			     : "stand",
		 s->doubt[0] ? " (cannot tell: " : "", s->doubt, s->doubt[0] ? ")" : "");
	escape_text(s->out->text, sizeof(s->out->text), text, strlen(text), ESCAPE_LINE);
}

static bool is_instance(const struct dirent *entry, const char *cache_subdir)
{
	const char *name = entry->d_name;

	if (entry->d_type != DT_DIR && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
		return false;
	/* Each mount point has a lost+found, readable by root only. */
	return name[0] != '.' && strcmp(name, cache_subdir) != 0 &&
	       strcmp(name, NOVA_LOCKS_SUBDIR) != 0 && strcmp(name, "lost+found") != 0;
}

int dependents_scan(const char *instances_path, const char *cache_subdir, const char *name,
		    struct unchanged *seen, struct dependents *out, struct err *e)
{
	own_free char *cache = fs_path("%s/%s", instances_path, cache_subdir);
	own_free char *base = fs_path("%s/%s", cache, name);
	struct scan s = {.base = base, .base_name = name, .seen = seen, .out = out};
	own_dir DIR *top = opendir(instances_path);
	struct dirent *entry;

	*out = (struct dependents){0};
	if (!top)
		return err_sys(e, ERR_OPERATOR, "cannot list the instances in %s", instances_path);
	if (stat(cache, &s.cache) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at the cache directory %s", cache);
	s.is_there = stat(base, &s.st) == 0;
	if (!seen->is_sealed)
		unchanged_begin(seen, dirfd(top));
	while ((errno = 0, entry = readdir(top))) {
		if (!is_instance(entry, cache_subdir))
			continue;
		if (look_at_instance(&s, dirfd(top), entry->d_name) != STANDS_NOT)
			count_in(&s, entry->d_name);
	}
	if (errno != 0)
		return err_sys(e, ERR_OPERATOR, "cannot list the instances in %s", instances_path);
	unchanged_seal(seen);
	out->in_doubt = s.doubt[0] != '\0';
	if (out->count > 0)
		say(&s);
	return 0;
}
