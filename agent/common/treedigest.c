/* treedigest: DIAGNOSTICS: as the header says. */
#include "agent/common/treedigest.h"

#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/grow.h"
#include "lib/own.h"
#include "lib/treewalk.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* A filesystem may count whole seconds, and FAT counts two. */
enum { RECENT_S = 3, RECORD_MAX = 1 << 28 };

static const char head[] = "hornero inputs 1\n";

/* A file in the record. Its path follows, with a NUL. */
struct known {
	uint64_t ino, size;
	int64_t mtime_ns, ctime_ns;
	uint32_t mode, path_len;
	char digest[SHA256_HEX];
};

struct treedigest {
	char *dir, *name;
	char *old; /* bytes of the record, NULL if there is none */
	size_t old_len;
	const char **at; /* the entries in it, in its order */
	const char **by_path; /* the same sorted; NULL until needed */
	size_t n, next;
	struct grow new;
	struct sha256 *sum; /* of the present tree */
	bool is_file;       /* that tree is a file */
	tree_reader *can_read; /* may be NULL */
	void *reader;
	char content[SHA256_HEX + 1]; /* of the newest file */
};

static const char *path_of(const char *entry)
{
	return entry + sizeof(struct known);
}

static struct known fixed_of(const char *entry)
{
	struct known k;

	memcpy(&k, entry, sizeof(k)); /* it may be unaligned */
	return k;
}

/* ---- the record ---- */

/* Lists the entries between head and digest. Returns false if they are malformed. */
static bool list_entries(struct treedigest *t, size_t end)
{
	size_t room = 0;

	for (size_t at = strlen(head); at < end;) {
		struct known k;

		if (end - at < sizeof(k))
			return false;
		k = fixed_of(t->old + at);
		if (k.path_len >= end - at - sizeof(k) ||
		    strnlen(path_of(t->old + at), k.path_len + 1) != k.path_len)
			return false;
		if (t->n == room) {
			const char **bigger;

			room = 2 * room + 64;
			bigger = reallocarray(t->at, room, sizeof(*bigger));
			if (!bigger)
				return false;
			t->at = bigger;
		}
		t->at[t->n++] = t->old + at;
		at += sizeof(k) + k.path_len + 1;
	}
	return true;
}

static void load(struct treedigest *t)
{
	own_free char *path = fs_path("%s/%s", t->dir, t->name);
	char digest[SHA256_HEX + 1];
	struct err ignored = ERR_INIT;
	size_t end;

	if (fs_read(AT_FDCWD, path, RECORD_MAX, &t->old, &t->old_len, &ignored) < 0)
		return;
	end = t->old_len - SHA256_HEX;
	if (t->old_len >= strlen(head) + SHA256_HEX &&
	    memcmp(t->old, head, strlen(head)) == 0 &&
	    sha256_buffer(t->old, end, digest, &ignored) == 0 &&
	    memcmp(t->old + end, digest, SHA256_HEX) == 0 && list_entries(t, end))
		return;
	t->n = 0;
	free(steal_ptr(&t->old));
}

static int by_path(const void *a, const void *b)
{
	return strcmp(path_of(*(char *const *)a), path_of(*(char *const *)b));
}

static int find_path(const void *path, const void *entry)
{
	return strcmp(path, path_of(*(char *const *)entry));
}

/* In an unchanged tree, the entries come in the order of the record. */
static const char *find(struct treedigest *t, const char *path)
{
	const char **found;

	if (t->next < t->n && strcmp(path_of(t->at[t->next]), path) == 0)
		return t->at[t->next++];
	if (!t->by_path && t->n > 0) {
		t->by_path = calloc(t->n, sizeof(*t->by_path));
		if (!t->by_path)
			return NULL;
		memcpy(t->by_path, t->at, t->n * sizeof(*t->by_path));
		qsort(t->by_path, t->n, sizeof(*t->by_path), by_path);
	}
	found = t->n ? bsearch(path, t->by_path, t->n, sizeof(*t->by_path), find_path) : NULL;
	if (!found)
		return NULL;
	/* Continue behind it, where the walk most likely is. */
	for (size_t i = t->next; i < t->n && i < t->next + 64; i++)
		if (t->at[i] == *found)
			t->next = i + 1;
	return *found;
}

/* ---- one file ---- */

static int64_t ns(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
}

static struct known describe(const struct stat *st, const char *path)
{
	return (struct known){.ino = st->st_ino,
			      .size = (uint64_t)st->st_size,
			      .mtime_ns = ns(&st->st_mtim),
			      .ctime_ns = ns(&st->st_ctim),
			      .mode = st->st_mode,
			      .path_len = (uint32_t)strlen(path)};
}

static bool is_same(const struct known *a, const struct known *b)
{
	return a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns && a->mode == b->mode;
}

/* Reads the file into t->content. *now gets its stat. */
static int read_file(struct treedigest *t, const struct tree_entry *entry, struct known *now,
		     struct err *e)
{
	/* The tree itself may be reached through links. */
	own_fd int fd = openat(entry->dir, entry->name,
			       O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
				       (*entry->inside ? O_NOFOLLOW : 0));
	struct known after;
	struct stat st;

	if (fd < 0 && errno != ENOENT && errno != ELOOP)
		return err_sys(e, ERR_OPERATOR, "cannot read %s", entry->path);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_NOBODY, "%s changes while it is read", entry->path);
	*now = describe(&st, entry->path);
	if (sha256_fd(fd, t->content, e) < 0)
		return err_wrap(e, "%s", entry->path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_NOBODY, "cannot look at %s", entry->path);
	after = describe(&st, entry->path);
	return is_same(now, &after) ? 0 : err_set(e, ERR_NOBODY, "%s changes while it is read",
						  entry->path);
}

/* Whether a change after `start` is certain to give the file another ctime. */
static bool is_settled(const struct known *k, const struct timespec *start)
{
	return k->ctime_ns < ns(start) - (int64_t)RECENT_S * 1000000000;
}

static int file_content(struct treedigest *t, const struct tree_entry *entry, struct err *e)
{
	struct known now = describe(entry->st, entry->path);
	const char *found = find(t, entry->path);
	struct known before = found ? fixed_of(found) : (struct known){.mode = 0};
	struct timespec start;

	if (found && is_same(&now, &before)) {
		memcpy(t->content, before.digest, SHA256_HEX);
	} else {
		clock_gettime(CLOCK_REALTIME_COARSE, &start);
		if (read_file(t, entry, &now, e) < 0)
			return -1;
		if (!is_settled(&now, &start))
			return 0;
	}
	memcpy(now.digest, t->content, SHA256_HEX);
	return grow_add(&t->new, &now, sizeof(now), e) < 0 ||
			       grow_add(&t->new, entry->path, strlen(entry->path) + 1, e) < 0
		       ? -1
		       : 0;
}

static int add_entry(void *arg, const struct tree_entry *entry, struct err *e)
{
	struct treedigest *t = arg;
	mode_t mode = entry->st->st_mode;

	if (!*entry->inside)
		t->is_file = S_ISREG(mode);
	if (S_ISREG(mode) && file_content(t, entry, e) < 0)
		return -1;
	sha256_add_field(t->sum, "path", entry->inside, strlen(entry->inside));
	if (t->can_read && !t->can_read(t->reader, entry))
		sha256_add(t->sum, "unreadable\n", strlen("unreadable\n"));
	if (entry->target)
		sha256_add_field(t->sum, "link", entry->target, strlen(entry->target));
	else if (S_ISDIR(mode))
		sha256_add(t->sum, "directory\n", strlen("directory\n"));
	else
		sha256_add_field(t->sum, mode & 0111 ? "program" : "file", t->content, SHA256_HEX);
	return 0;
}

/* ---- all of them ---- */

struct treedigest *treedigest_open(const char *dir, const char *builder)
{
	struct treedigest *t = calloc(1, sizeof(*t));
	struct err ignored = ERR_INIT;

	if (!t || grow_add(&t->new, head, strlen(head), &ignored) < 0) {
		free(t);
		return NULL;
	}
	t->dir = dir ? fs_path("%s", dir) : NULL;
	t->name = fs_path("%s.inputs", builder);
	if (dir)
		load(t);
	return t;
}

void treedigest_for(struct treedigest *t, tree_reader *can_read, void *reader)
{
	t->can_read = can_read;
	t->reader = reader;
}

int treedigest_add(struct treedigest *t, const char *path, char digest[SHA256_HEX + 1],
		   struct err *e)
{
	int rc;

	t->sum = sha256_new();
	if (!t->sum)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	rc = tree_walk(path, add_entry, t, e);
	if (rc == 0 && t->is_file)
		memcpy(digest, t->content, sizeof(t->content));
	else
		sha256_final(t->sum, digest);
	sha256_free(steal_ptr(&t->sum));
	return rc;
}

void treedigest_save(struct treedigest *t)
{
	char digest[SHA256_HEX + 1];
	struct err ignored = ERR_INIT;
	own_fd int dir = -1;

	if (!t->dir || sha256_buffer(t->new.data, t->new.len, digest, &ignored) < 0 ||
	    grow_add(&t->new, digest, SHA256_HEX, &ignored) < 0)
		return;
	if (t->old && t->old_len == t->new.len && memcmp(t->old, t->new.data, t->new.len) == 0)
		return;
	dir = dirs_make(t->dir, 0755, NULL, &ignored);
	if (dir < 0)
		return;
	failpoint("inputs-before-record");
	if (t->new.len == strlen(head) + SHA256_HEX)
		(void)FAILSTEP("inputs-undo", unlinkat(dir, t->name, 0));
	else
		(void)fs_replace_unsynced(dir, t->name, t->new.data, t->new.len, 0644, &ignored);
}

void treedigest_free(struct treedigest *t)
{
	if (!t)
		return;
	free(t->dir);
	free(t->name);
	free(t->old);
	free(t->at);
	free(t->by_path);
	free(t->new.data);
	sha256_free(t->sum);
	free(t);
}
