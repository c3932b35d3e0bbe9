/* keyedit: adds lines to the keys file and removes lines; the others stay as users wrote them.
 * DIAGNOSTICS: ERR_USAGE for the request, ERR_OPERATOR for the file, ERR_NOBODY if another process
 * is writing. */
#include "conf/keyline.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { LOCK_WAIT_MS = 10000 };

/* The file being edited. Its directory is locked against other writers. */
struct edit {
	const char *path;
	const char *name; /* the file's name in dir */
	int dir;
	bool there;
	struct stat st;       /* if the file exists */
	struct keyring *ring; /* the entries of the file */
	char *text;
	size_t len;
};

static void edit_end(struct edit *ed)
{
	if (ed->dir >= 0)
		close(ed->dir);
	keyring_free(ed->ring);
	free(ed->text);
}
#define own_edit __attribute__((cleanup(edit_end)))

/* Opens by descriptor in the locked directory. In another user's directory root accepts only that
 * user's own file: through a symbolic or hard link root would read and rewrite a file that the user
 * may not access. */
static int read_file(struct edit *ed, struct err *e)
{
	own_fd int fd = openat(ed->dir, ed->name,
			       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat dir;

	if (fd < 0 && errno == ENOENT) {
		ed->text = fs_path("%s", "# SSH keys and their rights to repositories; see "
					 "hornero-keys(5).\n");
		ed->len = strlen(ed->text);
		return 0;
	}
	if (fd < 0 && errno == ELOOP)
		return err_set(e, ERR_OPERATOR,
			       "%s is a symbolic link, which would be replaced by a file; name the "
			       "file itself as keys_file in hornero.yaml",
			       ed->path);
	if (fd < 0 || fstat(fd, &ed->st) < 0 || fstat(ed->dir, &dir) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open %s", ed->path);
	if (geteuid() == 0 && dir.st_uid != 0 &&
	    (ed->st.st_uid != dir.st_uid || ed->st.st_nlink != 1))
		return err_set(e, ERR_OPERATOR,
			       "%s belongs to user %u, but its directory to user %u, who may have "
			       "put it there; give both the same owner, preferably root",
			       ed->path, ed->st.st_uid, dir.st_uid);
	ed->there = true;
	return fs_read_fd(fd, ed->path, KEYRING_BYTES_MAX, &ed->text, &ed->len, e);
}

static int edit_begin(struct edit *ed, struct err *e)
{
	const char *slash = strrchr(ed->path, '/');
	own_free char *dir = fs_path("%.*s", slash ? (int)(slash - ed->path + 1) : 1,
				     slash ? ed->path : ".");
	int held;

	ed->dir = fs_open_dir(AT_FDCWD, dir, e);
	held = ed->dir < 0 ? -1 : fs_flock(ed->dir, LOCK_WAIT_MS, e);
	if (held < 0)
		return -1;
	if (held == 0)
		return err_set(e, ERR_NOBODY, "another process is changing %s; try again",
			       ed->path);
	/* Load the whole file first: that checks size and mode, and finds the entries' lines. */
	if (keyring_load(ed->path, NULL, NULL, &ed->ring, e) < 0)
		return -1;
	ed->name = slash ? slash + 1 : ed->path;
	return read_file(ed, e);
}

static int edit_write(const struct edit *ed, const char *text, size_t len, struct err *e)
{
	own_free char *dir = fs_path("%.*s", (int)(ed->name - ed->path), ed->path);
	struct err ignored = ERR_INIT;

	/* Of one that was killed: nobody else may remove its keys from the operators' directory. */
	(void)fs_clear_staging(*dir ? dir : ".", &ignored);
	if (len > KEYRING_BYTES_MAX)
		return err_set(e, ERR_USAGE, "%s would have %zu bytes; at most %d are allowed",
			       ed->path, len, KEYRING_BYTES_MAX);
	if (!ed->there)
		return fs_replace(ed->dir, ed->name, text, len, 0644, e);
	/* Keep owner and group, so that the file's readers can still read it. */
	return fs_replace_like(ed->dir, ed->name, text, len, &ed->st, e);
}

static char *line_of(const char *name, const char *const patterns[KEY_RIGHTS], const char *ids,
		     const char *key)
{
	char *line = fs_path("name=\"%s\"", name);

	for (int i = 0; i < KEY_RIGHTS; i++) {
		own_free char *head = line;

		line = patterns[i] ? fs_path("%s,%s=\"%s\"", head,
					     key_right_name((enum key_right)i), patterns[i])
				   : fs_path("%s", head);
	}
	own_free char *head = line;

	return ids ? fs_path("%s,ids=\"%s\" %s", head, ids, key) : fs_path("%s %s", head, key);
}

static bool has_quote(const char *text)
{
	return text && strpbrk(text, "\"\\");
}

/* Uses the file's own parser, so nothing is written that it would refuse. */
static int check_line(const char *line, struct key_entry *k, char **cut, struct err *e)
{
	int column;

	*cut = fs_path("%s", line);
	if (strchr(line, '\n'))
		return err_set(e, ERR_USAGE, "the key is more than one line");
	return keyline_parse(*cut, k, &column, e) < 0 ? -1 : 0;
}

/* Returns the first entry of that name, also a broken one, or NULL. */
static const struct key_entry *entry_named(const struct edit *ed, const char *name)
{
	const struct key_entry *list;
	size_t n = keyring_entries(ed->ring, &list);

	for (size_t i = 0; i < n; i++)
		if (list[i].name && strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

/* Refuses a name or a key that another entry has. `same` is the entry that k replaces. */
static int check_new(const struct edit *ed, const struct key_entry *k, const struct key_entry *same,
		     struct err *e)
{
	const struct key_entry *list, *found = keyring_find(ed->ring, k->type, k->blob);
	const struct key_entry *named = entry_named(ed, k->name);
	size_t n = keyring_entries(ed->ring, &list);

	if (named && !same)
		return err_set(e, ERR_USAGE,
			       "the name %s is already in line %d of %s, with another key or other "
			       "rights; `hornero key set %s` changes it, `hornero key remove %s` "
			       "removes it",
			       k->name, named->line, ed->path, k->name, k->name);
	if (found && (!same || strcmp(found->name, k->name) != 0))
		return err_set(e, ERR_USAGE, "this key is already in line %d of %s, as %s",
			       found->line, ed->path, found->name);
	if (!same && n >= KEYRING_LINES_MAX)
		return err_set(e, ERR_USAGE, "%s has %zu keys; at most %d are allowed", ed->path, n,
			       KEYRING_LINES_MAX);
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The comment behind the key does not count. */
static bool is_as_asked(const struct key_entry *k, const struct key_entry *asked)
{
	bool same = !k->problem && is_same(k->type, asked->type) && is_same(k->blob, asked->blob) &&
		    is_same(k->ids, asked->ids);

	for (int i = 0; i < KEY_RIGHTS && same; i++)
		same = is_same(k->patterns[i], asked->patterns[i]);
	return same;
}

/* Finds line `number` of the text, with its newline. Returns its length. */
static size_t find_line(const struct edit *ed, int number, char **at)
{
	char *end = ed->text + ed->len, *next;

	*at = ed->text;
	for (int n = 1; n < number; n++)
		*at = (char *)memchr(*at, '\n', (size_t)(end - *at)) + 1;
	next = memchr(*at, '\n', (size_t)(end - *at));
	return (size_t)((next ? next + 1 : end) - *at);
}

static int check_options(const char *const patterns[KEY_RIGHTS], const char *ids, struct err *e)
{
	for (int i = 0; i < KEY_RIGHTS; i++)
		if (has_quote(patterns[i]))
			return err_set(e, ERR_USAGE, "%s holds a quote or a backslash",
				       key_right_name((enum key_right)i));
	if (has_quote(ids))
		return err_set(e, ERR_USAGE, "ids holds a quote or a backslash");
	return 0;
}

/* Writes the line in the place of `old`, or at the end. Returns 1, or -1 on error. */
static int put_line(struct edit *ed, const struct key_entry *old, const char *line, struct err *e)
{
	own_free char *text = NULL;
	char *at = ed->text + ed->len;
	size_t len = old ? find_line(ed, old->line, &at) : 0;
	size_t head = (size_t)(at - ed->text);

	if (strlen(ed->text) != ed->len)
		return err_set(e, ERR_OPERATOR, "%s holds a NUL byte; take it out first", ed->path);
	text = fs_path("%.*s%s%s\n%s", (int)head, ed->text,
		       head > 0 && ed->text[head - 1] != '\n' ? "\n" : "", line, at + len);
	return edit_write(ed, text, strlen(text), e) < 0 ? -1 : 1;
}

int keyring_add(const char *path, const char *name, const char *const patterns[KEY_RIGHTS],
		const char *ids, const char *key, struct err *e)
{
	own_edit struct edit ed = {.path = path, .dir = -1};
	own_free char *line = line_of(name, patterns, ids, key);
	own_free char *cut = NULL;
	const struct key_entry *old;
	struct key_entry k;

	if (check_options(patterns, ids, e) < 0 || key_check_name(name, e) < 0 ||
	    check_line(line, &k, &cut, e) < 0 || edit_begin(&ed, e) < 0)
		return -1;
	old = entry_named(&ed, name);
	if (old && is_as_asked(old, &k))
		return 0;
	return check_new(&ed, &k, NULL, e) < 0 ? -1 : put_line(&ed, NULL, line, e);
}

/* Returns "TYPE BASE64 COMMENT" of the entry; the caller frees it. NULL with e filled if there is
 * no usable one. */
static char *key_of(const struct edit *ed, const struct key_entry *k, const char *name,
		    struct err *e)
{
	if (k && !k->problem)
		return fs_path("%s %s%s%s", k->type, k->blob, *k->comment ? " " : "", k->comment);
	err_set(e, ERR_USAGE, "%s of %s has no usable key named %s; give its public key as well",
		k ? "a line" : "no line", ed->path, name);
	return NULL;
}

int keyring_set(const char *path, const char *name, const char *const patterns[KEY_RIGHTS],
		const char *ids, const char *key, struct err *e)
{
	own_edit struct edit ed = {.path = path, .dir = -1};
	own_free char *line = NULL, *cut = NULL, *kept = NULL;
	const struct key_entry *old;
	struct key_entry k;

	if (check_options(patterns, ids, e) < 0 || key_check_name(name, e) < 0 ||
	    edit_begin(&ed, e) < 0)
		return -1;
	old = entry_named(&ed, name);
	kept = key ? fs_path("%s", key) : key_of(&ed, old, name, e);
	line = kept ? line_of(name, patterns, ids, kept) : NULL;
	if (!line || check_line(line, &k, &cut, e) < 0)
		return -1;
	if (old && is_as_asked(old, &k))
		return 0;
	return check_new(&ed, &k, old, e) < 0 ? -1 : put_line(&ed, old, line, e);
}

/* Removes line `number` from the text. */
static void drop_line(struct edit *ed, int number)
{
	char *at;
	size_t len = find_line(ed, number, &at);

	memmove(at, at + len, (size_t)(ed->text + ed->len - at) - len);
	ed->len -= len;
}

int keyring_remove(const char *path, const char *name, struct err *e)
{
	own_edit struct edit ed = {.path = path, .dir = -1};
	const struct key_entry *list;
	bool found = false;

	if (key_check_name(name, e) < 0 || edit_begin(&ed, e) < 0)
		return -1;
	/* Start at the end, so that earlier line numbers stay valid. */
	for (size_t i = keyring_entries(ed.ring, &list); i-- > 0;)
		if (list[i].name && strcmp(list[i].name, name) == 0) {
			drop_line(&ed, list[i].line);
			found = true;
		}
	if (!found)
		return 0;
	return edit_write(&ed, ed.text, ed.len, e) < 0 ? -1 : 1;
}
