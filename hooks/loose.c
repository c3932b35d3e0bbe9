/* loose: DIAGNOSTICS: none of its own; git answers everything that this file does not
 * understand. */
#include "hooks/loose.h"

#include "hooks/treescan.h"
#include "lib/hex.h"
#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

enum {
	TREE_MAX = 8 << 20, /* the largest directory listing to read without git, in bytes */
	TAGS_MAX = 8,       /* nested tags to follow without git */
};

struct loose {
	int fd;
	bool inflating;
	z_stream z;
	char type[16];
	size_t size; /* of the content */
	unsigned char in[4096];
};

static void loose_close(struct loose *l)
{
	if (l->inflating)
		inflateEnd(&l->z);
	if (l->fd >= 0)
		close(l->fd);
}
#define own_loose __attribute__((cleanup(loose_close)))

/* Reads up to size bytes of the stream. Returns 0 at its end, -1 if it is broken. */
static ssize_t loose_read(struct loose *l, void *out, size_t size)
{
	l->z.next_out = out;
	l->z.avail_out = (unsigned int)size;
	while (l->z.avail_out > 0) {
		int r;

		if (l->z.avail_in == 0) {
			ssize_t n = read(l->fd, l->in, sizeof(l->in));

			if (n < 0)
				return -1;
			l->z.next_in = l->in;
			l->z.avail_in = (unsigned int)n;
		}
		r = inflate(&l->z, Z_NO_FLUSH);
		if (r == Z_STREAM_END)
			break;
		if (r != Z_OK)
			return -1;
	}
	return (ssize_t)(size - l->z.avail_out);
}

/* Reads "TYPE SIZE" and a NUL, one byte at a time so that the content stays in the stream. */
static bool read_header(struct loose *l)
{
	char header[48];

	for (size_t i = 0; i < sizeof(header); i++) {
		if (loose_read(l, &header[i], 1) != 1)
			return false;
		if (header[i] == '\0')
			return sscanf(header, "%15[a-z] %zu", l->type, &l->size) == 2;
	}
	return false;
}

static bool open_below(struct loose *l, const char *dir, const char *oid)
{
	char path[PATH_MAX];

	if (!dir ||
	    snprintf(path, sizeof(path), "%s/%.2s/%s", dir, oid, oid + 2) >= (int)sizeof(path))
		return false;
	l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return l->fd >= 0;
}

/* Looks in the quarantine first: pushed objects are there. type NULL accepts any. The caller calls
 * loose_close in any case. */
static bool loose_open(struct loose *l, const char *oid, const char *type)
{
	if (!open_below(l, getenv("GIT_OBJECT_DIRECTORY"), oid) && !open_below(l, "objects", oid))
		return false;
	l->inflating = inflateInit(&l->z) == Z_OK;
	return l->inflating && read_header(l) && (!type || strcmp(l->type, type) == 0);
}

/* A commit begins with the line "tree OID", a tag with "object OID". */
static bool read_first_line(struct loose *l, const char *word, size_t digits, char oid[65])
{
	char line[16 + 64 + 1];
	size_t head = strlen(word);
	size_t len = head + digits + 1;

	if (loose_read(l, line, len) != (ssize_t)len || memcmp(line, word, head) != 0 ||
	    line[len - 1] != '\n')
		return false;
	memcpy(oid, line + head, digits);
	oid[digits] = '\0';
	return hex_is(oid, digits);
}

static bool tree_of(const char *commit, char oid[65])
{
	own_loose struct loose l = {.fd = -1};

	return loose_open(&l, commit, "commit") &&
	       read_first_line(&l, "tree ", strlen(commit), oid);
}

int loose_peel(const char *oid, char out[65], char type[16])
{
	char at[65];

	snprintf(at, sizeof(at), "%s", oid);
	for (int i = 0; i <= TAGS_MAX; i++) {
		own_loose struct loose l = {.fd = -1};

		if (!loose_open(&l, at, NULL))
			return 0;
		if (strcmp(l.type, "tag") != 0) {
			memcpy(out, at, sizeof(at));
			memcpy(type, l.type, sizeof(l.type));
			return 1;
		}
		if (!read_first_line(&l, "object ", strlen(oid), at))
			return 0;
	}
	return 0;
}

/* Replaces the id of a tree by that of its entry. Sets *mode to 0 if there is no such entry. */
static bool enter(char oid[65], const char *name, unsigned int *mode)
{
	own_loose struct loose l = {.fd = -1};
	struct treescan scan;
	char buf[4096];
	size_t got = 0;
	ssize_t n;

	if (!loose_open(&l, oid, "tree") || l.size > TREE_MAX)
		return false;
	treescan_init(&scan, name, strlen(oid) / 2);
	/* The stream may be longer than the size that its header claims. */
	for (; got <= l.size && (n = loose_read(&l, buf, sizeof(buf))) > 0; got += (size_t)n)
		treescan_feed(&scan, buf, (size_t)n);
	if (got > l.size)
		return false;
	*mode = scan.mode;
	for (size_t i = 0; scan.mode && i < scan.oid_size; i++)
		snprintf(oid + 2 * i, 3, "%02x", scan.oid[i]);
	return n == 0;
}

static bool read_file(const char *oid, size_t max, struct found *f)
{
	own_loose struct loose l = {.fd = -1};
	own_free char *text = NULL;

	if (!loose_open(&l, oid, "blob"))
		return false;
	f->len = l.size;
	if (l.size > max) {
		f->kind = FOUND_TOO_LARGE;
		return true;
	}
	text = calloc(1, l.size + 1);
	if (!text || (l.size > 0 && loose_read(&l, text, l.size) != (ssize_t)l.size))
		return false;
	f->text = steal_ptr(&text);
	return true;
}

/* Replaces the id of a commit by that of its directory. Sets *mode to 0 if there is no such entry;
 * it need not be the mode of a directory otherwise. */
static bool enter_all(char oid[65], const char *subdir, unsigned int *mode)
{
	char commit[65];
	char part[NAME_MAX + 1];

	*mode = 0040000;
	snprintf(commit, sizeof(commit), "%s", oid);
	if (!tree_of(commit, oid))
		return false;
	while (*subdir && found_kind_of(*mode) == FOUND_DIRECTORY) {
		size_t n = strcspn(subdir, "/");

		if (n > NAME_MAX)
			return false;
		memcpy(part, subdir, n);
		part[n] = '\0';
		subdir += n + (subdir[n] == '/');
		if (!enter(oid, part, mode))
			return false;
	}
	return true;
}

int loose_tree(const char *oid, const char *subdir, char **out, size_t *len)
{
	own_loose struct loose l = {.fd = -1};
	own_free char *text = NULL;
	unsigned int mode = 0;
	char tree[65];

	snprintf(tree, sizeof(tree), "%s", oid);
	if ((subdir &&
	     (!enter_all(tree, subdir, &mode) || found_kind_of(mode) != FOUND_DIRECTORY)) ||
	    !loose_open(&l, tree, "tree") || l.size > TREE_MAX)
		return 0;
	text = calloc(1, l.size + 1);
	if (!text || (l.size > 0 && loose_read(&l, text, l.size) != (ssize_t)l.size))
		return 0;
	*out = steal_ptr(&text);
	*len = l.size;
	return 1;
}

int loose_find(const char *commit, const char *subdir, const char *name, size_t max,
	       struct found *out)
{
	struct found f = {.kind = FOUND_NOTHING};
	unsigned int mode = 0;
	char oid[65];

	snprintf(oid, sizeof(oid), "%s", commit);
	if (!enter_all(oid, subdir, &mode))
		return 0;
	if (found_kind_of(mode) != FOUND_DIRECTORY) {
		*out = f;
		return 1;
	}
	if (!enter(oid, name, &mode))
		return 0;
	f.kind = found_kind_of(mode);
	if (f.kind == FOUND_FILE && !read_file(oid, max, &f))
		return 0;
	*out = f;
	return 1;
}
