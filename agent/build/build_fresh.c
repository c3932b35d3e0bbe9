/* build_fresh: suggests files for an artifact that is missing. DIAGNOSTICS: none: it is a hint.
 *
 * It goes by names, sizes and times alone. The first bytes of a file would tell more, but the
 * supervisor reads no byte that a build wrote. */
#include "agent/build/build.h"

#include "conf/repofile.h"
#include "lib/bytes.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { ENTRIES_MAX = 50000, DEPTH_MAX = 8, SHOWN = 5, PATH_SHOWN = 100, KERNEL_MIN = 65536 };

struct candidate {
	char path[PATH_SHOWN + 1];
	int64_t size;
	int likely;
};

struct look {
	const struct build *b;
	size_t looked, n;
	struct candidate best[SHOWN]; /* the likeliest first */
};

static bool ends_in(const char *name, const char *const *ends)
{
	size_t len = strlen(name);

	for (; *ends; ends++)
		if (len > strlen(*ends) && strcasecmp(name + len - strlen(*ends), *ends) == 0)
			return true;
	return false;
}

/* Returns 2 for the name of a disk or kernel, 1 for a large file that may be one, 0 for others. */
static int likeness(const char *name, int64_t size)
{
	static const char *const images[] = {".img", ".raw", ".qcow2", ".disk", ".iso", ".elf",
					     ".bin", ".virtio", ".hvt", ".spt", ".qemu", ".usr",
					     NULL};
	static const char *const parts[] = {".o", ".a", ".so", ".d", ".c", ".h", ".s", ".cc",
					    ".cpp", ".log", ".txt", ".map", ".dbg", ".json", ".md",
					    ".gz", ".xz", ".tar", ".zip", ".cmi", ".cmx", ".cmxa",
					    ".rlib", ".rmeta", ".pyc", ".gch", NULL};

	if (size < 512)
		return 0;
	if (ends_in(name, images) || strcasestr(name, "_qemu-") || strcmp(name, "bzImage") == 0 ||
	    strncmp(name, "vmlinu", 6) == 0)
		return 2;
	return size >= KERNEL_MIN && !ends_in(name, parts);
}

/* Whether the path can stand in .hornero.yaml as it is. */
static bool is_plain(const char *path)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._/+-";

	return strlen(path) <= PATH_SHOWN && path[0] != '-' && strspn(path, chars) == strlen(path);
}

static void add(struct look *l, const char *path, int64_t size, int likely)
{
	size_t at = l->n < SHOWN ? l->n++ : SHOWN;

	while (at > 0 && (l->best[at - 1].likely < likely ||
			  (l->best[at - 1].likely == likely && l->best[at - 1].size < size))) {
		if (at < SHOWN)
			l->best[at] = l->best[at - 1];
		at--;
	}
	if (at == SHOWN)
		return;
	l->best[at] = (struct candidate){.size = size, .likely = likely};
	snprintf(l->best[at].path, sizeof(l->best[at].path), "%s", path);
}

static bool is_fresh(const struct look *l, const struct stat *st)
{
	const struct timespec *start = &l->b->run_start;

	return st->st_ctim.tv_sec > start->tv_sec ||
	       (st->st_ctim.tv_sec == start->tv_sec && st->st_ctim.tv_nsec >= start->tv_nsec);
}

static void walk(struct look *l, int dir, const char *at, int depth)
{
	own_dir DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;

	while (d && (entry = readdir(d)) && ++l->looked <= ENTRIES_MAX) {
		const char *name = entry->d_name;
		own_free char *path = fs_path("%s%s%s", at, *at ? "/" : "", name);
		struct stat st;
		int likely;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			own_fd int sub = fs_open_beneath(dir, name, O_RDONLY | O_DIRECTORY, 0);

			if (sub >= 0)
				walk(l, sub, path, depth + 1);
		}
		likely = S_ISREG(st.st_mode) ? likeness(name, st.st_size) : 0;
		if (likely > 0 && is_plain(path) && is_fresh(l, &st))
			add(l, path, st.st_size, likely);
	}
}

void build_fresh_hint(struct build *b, char out[BUILD_HINT])
{
	const char *inside = build_inside(b);
	own_free char *top = fs_path("src%s%s", *inside ? "/" : "", inside);
	own_fd int src = fs_open_beneath(b->work, top, O_RDONLY | O_DIRECTORY, 0);
	struct look l = {.b = b};
	size_t len;

	out[0] = '\0';
	if (src >= 0)
		walk(&l, src, "", 0);
	if (l.n == 0) {
		snprintf(out, BUILD_HINT, "; this run made no file in the checkout that looks like "
			 "a disk or a kernel");
		return;
	}
	len = (size_t)snprintf(out, BUILD_HINT, "; new files that may be it: ");
	for (size_t i = 0; i < l.n; i++) {
		char size[BYTES_WORDS];

		len += (size_t)snprintf(out + len, BUILD_HINT - len, "%s%s (%s)", i ? ", " : "",
					l.best[i].path, bytes_words(size, l.best[i].size));
	}
	if (repowords_may(b->builder->allow, "artifact", ""))
		snprintf(out + len, BUILD_HINT - len, "; if so, write into %s: artifact: %s",
			 REPOFILE_NAME, l.best[0].path);
	else
		snprintf(out + len, BUILD_HINT - len, "; the builder %s does not allow `artifact` "
			 "in %s: ask the operator of the node", b->builder->name, REPOFILE_NAME);
}
