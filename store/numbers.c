/* numbers: DIAGNOSTICS: none; an unreadable directory or record counts as having no number. */
#include "store/numbers.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/placed.h"
#include "store/store.h"

#include <fcntl.h>
#include <string.h>

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Returns the number at the start of a text that is followed by `end`, else 0. */
static int64_t leading(const char *text, char end)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits <= 13 && text[digits] == end ? strtoll(text, NULL, 10) : 0;
}

/* Returns the highest number of a directory's entries. */
static int64_t each_name(const char *path, int64_t (*number)(const char *dir, const char *name))
{
	own_dir DIR *d = opendir(path);
	struct dirent *entry;
	int64_t n = 0;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			n = larger(n, number(path, entry->d_name));
	return n;
}

/* JOB.ATTEMPT.log and its like */
static int64_t of_log(const char *dir, const char *name)
{
	(void)dir;
	return leading(name, '.');
}

/* "JOB ATTEMPT TOKEN" */
static int64_t of_fence(const char *dir, const char *name)
{
	own_free char *path = fs_path("%s/%s", dir, name);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	return fs_read(AT_FDCWD, path, 256, &text, &len, &ignored) == 0 ? leading(text, ' ') : 0;
}

static int64_t of_warm(const char *dir, const char *name)
{
	own_free char *store_dir = fs_path("%.*s", (int)(strlen(dir) - strlen("/warm")), dir);
	own_free char *uuid = fs_path("%.36s", name);
	struct err ignored = ERR_INIT;
	struct warm w;

	return uuid_valid(uuid) && warm_load(store_dir, uuid, &w, &ignored) == 1 ? w.made.job : 0;
}

static int of_placed(void *arg, struct warm *w, struct err *e)
{
	int64_t *n = arg;

	(void)e;
	*n = larger(*n, w->made.job);
	return 0;
}

static int64_t of_releases(const char *dir, const char *name)
{
	own_free char *store_dir = fs_path("%.*s", (int)(strlen(dir) - strlen("/release")), dir);
	struct err ignored = ERR_INIT;
	int64_t n = 0;

	if (uuid_valid(name))
		placed_each(store_dir, name, of_placed, &n, &ignored);
	return n;
}

static int64_t of_artifact(const char *dir, const char *name)
{
	own_free char *store_dir = fs_path("%.*s", (int)(strlen(dir) - strlen("/artifact")), dir);
	own_free char *digest = fs_path("%.64s", name);
	struct err ignored = ERR_INIT;
	struct manifest m;

	return strcmp(name + strlen(digest), ".json") == 0 && sha256_valid(digest) &&
	       store_manifest(store_dir, digest, &m, &ignored) == 0 ? m.made.job : 0;
}

int64_t numbers_highest(const char *log_dir, const char *fence_dir, const char *store_dir)
{
	own_free char *warm = fs_path("%s/warm", store_dir);
	own_free char *release = fs_path("%s/release", store_dir);
	own_free char *artifact = fs_path("%s/artifact", store_dir);
	int64_t n = larger(each_name(log_dir, of_log), each_name(fence_dir, of_fence));

	n = larger(n, larger(each_name(warm, of_warm), each_name(release, of_releases)));
	return larger(n, each_name(artifact, of_artifact));
}
