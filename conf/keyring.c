/* keyring: DIAGNOSTICS: ERR_OPERATOR for the file as a whole. An error in a line goes into the
 * entry's problem and is reported. ERR_NOBODY if memory runs out. */
#include "conf/keyring.h"

#include "conf/check.h"
#include "conf/keyline.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct keyring {
	char *text; /* split in place */
	struct key_entry *entries;
	size_t n;
	const struct key_entry **by_name, **by_key; /* the usable entries, sorted */
	size_t usable;
};

void keyring_free(struct keyring *ring)
{
	if (!ring)
		return;
	for (size_t i = 0; i < ring->n; i++)
		free(ring->entries[i].problem);
	free(ring->entries);
	free(ring->by_name);
	free(ring->by_key);
	free(ring->text);
	free(ring);
}

/* A ring being filled. */
struct filling {
	struct keyring *ring;
	const char *path;
	keyring_report *report;
	void *arg;
	size_t room;
};

static void disable(const struct filling *f, struct key_entry *k, int column, struct err *e)
{
	err_wrap(e, "%s:%d:%d", f->path, k->line, column);
	k->problem = fs_path("%s", e->msg);
	if (f->report)
		f->report(f->arg, k->problem);
}

static int add_line(struct filling *f, char *line, int number, struct err *e)
{
	struct keyring *ring = f->ring;
	struct err problem = ERR_INIT;
	struct key_entry k = {.line = number, .comment = ""};
	int column = 1, got;

	if (ring->n == f->room) {
		struct key_entry *more = reallocarray(ring->entries,
						      f->room = f->room ? 2 * f->room : 16,
						      sizeof(*more));

		if (!more)
			return err_set(e, ERR_NOBODY, "%s: out of memory", f->path);
		ring->entries = more;
	}
	got = ring->n < KEYRING_LINES_MAX
		      ? keyline_parse(line, &k, &column, &problem)
		      : err_set(&problem, ERR_USAGE, "more than %d keys; the rest is not read",
				KEYRING_LINES_MAX);
	if (got == 0)
		return 0;
	k.line = number;
	if (got < 0)
		disable(f, &k, column, &problem);
	ring->entries[ring->n++] = k;
	return 0;
}

static int add_lines(struct filling *f, size_t len, struct err *e)
{
	char *line = f->ring->text, *end = line + len, *next;

	for (int number = 1; line < end && f->ring->n <= KEYRING_LINES_MAX; number++, line = next) {
		char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		next = stop + 1;
		stop -= stop > line && stop[-1] == '\r';
		*stop = '\0';
		/* A NUL would hide the rest of the line. Turn it into another control character,
		 * which is refused. */
		for (char *at = line; at < stop; at++)
			*at = *at ? *at : '\1';
		if (add_line(f, line, number, e) < 0)
			return -1;
	}
	return 0;
}

static int compare_keys(const struct key_entry *a, const struct key_entry *b)
{
	int types = strcmp(a->type, b->type);

	return types ? types : strcmp(a->blob, b->blob);
}

static int by_name(const void *a, const void *b)
{
	const struct key_entry *const *x = a, *const *y = b;
	int names = strcmp((*x)->name, (*y)->name);

	return names ? names : (*x)->line - (*y)->line;
}

static int by_key(const void *a, const void *b)
{
	const struct key_entry *const *x = a, *const *y = b;
	int keys = compare_keys(*x, *y);

	return keys ? keys : (*x)->line - (*y)->line;
}

/* Copies the usable entries into list and sorts them. */
static size_t sort(const struct keyring *ring, const struct key_entry **list,
		   int (*order)(const void *a, const void *b))
{
	size_t n = 0;

	for (size_t i = 0; i < ring->n; i++)
		if (!ring->entries[i].problem)
			list[n++] = &ring->entries[i];
	if (n > 0)
		qsort(list, n, sizeof(struct key_entry *), order);
	return n;
}

static void disable_double(const struct filling *f, const struct key_entry *k,
			   const struct key_entry *first, const char *what)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_USAGE, "the %s is already in line %d", what, first->line);
	disable(f, &f->ring->entries[k - f->ring->entries], 1, &e);
}

/* With a duplicate name or key, rights would depend on which line is found. */
static int make_index(struct filling *f, struct err *e)
{
	struct keyring *ring = f->ring;
	size_t n;

	ring->by_name = calloc(ring->n + 1, sizeof(struct key_entry *));
	ring->by_key = calloc(ring->n + 1, sizeof(struct key_entry *));
	if (!ring->by_name || !ring->by_key)
		return err_set(e, ERR_NOBODY, "%s: out of memory", f->path);
	n = sort(ring, ring->by_name, by_name);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (strcmp(ring->by_name[i]->name, ring->by_name[first]->name) == 0)
			disable_double(f, ring->by_name[i], ring->by_name[first], "name");
		else
			first = i;
	}
	n = sort(ring, ring->by_key, by_key);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (compare_keys(ring->by_key[i], ring->by_key[first]) == 0)
			disable_double(f, ring->by_key[i], ring->by_key[first], "key");
		else
			first = i;
	}
	sort(ring, ring->by_name, by_name);
	ring->usable = sort(ring, ring->by_key, by_key);
	return 0;
}

int keyring_parse(const char *path, const char *text, size_t len, keyring_report *report, void *arg,
		  struct keyring **out, struct err *e)
{
	own_keyring struct keyring *ring = calloc(1, sizeof(*ring));
	struct filling f = {.ring = ring, .path = path, .report = report, .arg = arg};

	if (!ring || !(ring->text = malloc(len + 1)))
		return err_set(e, ERR_NOBODY, "%s: out of memory", path);
	memcpy(ring->text, text, len);
	ring->text[len] = '\0';
	if (add_lines(&f, len, e) < 0 || make_index(&f, e) < 0)
		return -1;
	*out = steal_ptr(&ring);
	return 0;
}

int keyring_load(const char *path, keyring_report *report, void *arg, struct keyring **out,
		 struct err *e)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	own_free char *text = NULL;
	struct stat st;
	size_t len;

	if (fd < 0 && errno == ENOENT)
		return keyring_parse(path, "", 0, report, arg, out, e);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open the keys %s", path);
	if (st.st_mode & 022)
		return err_set(e, ERR_OPERATOR,
			       "users other than its owner may write to the keys file %s, and "
			       "could add keys; run `chmod go-w %s`",
			       path, path);
	if (fs_read_fd(fd, path, KEYRING_BYTES_MAX, &text, &len, e) < 0)
		return -1;
	return keyring_parse(path, text, len, report, arg, out, e);
}

static const struct key_entry *search(const struct keyring *ring,
				      const struct key_entry *const *list,
				      const struct key_entry *wanted,
				      int (*compare)(const struct key_entry *a,
						     const struct key_entry *b))
{
	size_t low = 0, high = ring->usable;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare(wanted, list[middle]);

		if (order == 0)
			return list[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static int compare_names(const struct key_entry *a, const struct key_entry *b)
{
	return strcmp(a->name, b->name);
}

const struct key_entry *keyring_find(const struct keyring *ring, const char *type,
				     const char *base64)
{
	return search(ring, ring->by_key, &(struct key_entry){.type = type, .blob = base64},
		      compare_keys);
}

bool keyring_fingerprint(const struct key_entry *key, char out[SSHKEY_PRINT_MAX])
{
	struct err ignored = ERR_INIT;
	struct sshkey parsed;

	if (key->problem || sshkey_parse(key->type, key->blob, &parsed, &ignored) < 0)
		return false;
	sshkey_fingerprint(&parsed, out);
	return true;
}

const struct key_entry *keyring_named(const struct keyring *ring, const char *name)
{
	return search(ring, ring->by_name, &(struct key_entry){.name = name}, compare_names);
}

size_t keyring_entries(const struct keyring *ring, const struct key_entry **first)
{
	*first = ring->entries;
	return ring->n;
}

/* Whether some right from `right` on covers this repository and ref. */
static bool may(const struct key_entry *k, enum key_right right, const char *repository,
		const char *ref)
{
	struct err ignored = ERR_INIT;

	if (k->problem || check_repo(repository, &ignored) < 0)
		return false;
	for (int r = (int)right; r < KEY_RIGHTS; r++)
		if (keyline_matches(k->patterns[r], repository, ref))
			return true;
	return false;
}

/* Whether "*" is among the words. */
static bool has_star(const char *patterns)
{
	while (patterns && *patterns) {
		size_t len;

		patterns += strspn(patterns, " \t");
		len = strcspn(patterns, " \t");
		if (len == 1 && *patterns == '*')
			return true;
		patterns += len;
	}
	return false;
}

bool key_may(const struct key_entry *k, enum key_right right, const char *repository)
{
	if (repository)
		return may(k, right, repository, NULL);
	for (int r = (int)right; r < KEY_RIGHTS; r++)
		if (!k->problem && has_star(k->patterns[r]))
			return true;
	return false;
}

bool key_may_push(const struct key_entry *k, const char *repository, const char *ref)
{
	return may(k, KEY_WRITE, repository, ref);
}

bool key_may_bind(const struct key_entry *k, const char *uuid)
{
	return !k->problem && keyline_matches(k->ids, uuid, NULL);
}
