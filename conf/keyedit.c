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

static int check_new(const struct edit *ed, const struct key_entry *k, struct err *e)
{
	const struct key_entry *list, *found = keyring_find(ed->ring, k->type, k->blob);
	size_t n = keyring_entries(ed->ring, &list);

	for (size_t i = 0; i < n; i++)
		if (list[i].name && strcmp(list[i].name, k->name) == 0)
			return err_set(e, ERR_USAGE,
				       "the name %s is already in line %d of %s; remove it with "
				       "`hornero key remove %s`",
				       k->name, list[i].line, ed->path, k->name);
	if (found)
		return err_set(e, ERR_USAGE, "this key is already in line %d of %s, as %s",
			       found->line, ed->path, found->name);
	if (n >= KEYRING_LINES_MAX)
		return err_set(e, ERR_USAGE, "%s has %zu keys; at most %d are allowed", ed->path, n,
			       KEYRING_LINES_MAX);
	return 0;
}

int keyring_add(const char *path, const char *name, const char *const patterns[KEY_RIGHTS],
		const char *ids, const char *key, struct err *e)
{
	own_edit struct edit ed = {.path = path, .dir = -1};
	own_free char *line = line_of(name, patterns, ids, key);
	own_free char *cut = NULL, *text = NULL;
	struct key_entry k;
	bool open_line;

	for (int i = 0; i < KEY_RIGHTS; i++)
		if (has_quote(patterns[i]))
			return err_set(e, ERR_USAGE, "%s holds a quote or a backslash",
				       key_right_name((enum key_right)i));
	if (has_quote(ids))
		return err_set(e, ERR_USAGE, "ids holds a quote or a backslash");
	if (key_check_name(name, e) < 0 || check_line(line, &k, &cut, e) < 0 ||
	    edit_begin(&ed, e) < 0 || check_new(&ed, &k, e) < 0)
		return -1;
	if (strlen(ed.text) != ed.len)
		return err_set(e, ERR_OPERATOR, "%s holds a NUL byte; take it out first", path);
	open_line = ed.len > 0 && ed.text[ed.len - 1] != '\n';
	text = fs_path("%s%s%s\n", ed.text, open_line ? "\n" : "", line);
	return edit_write(&ed, text, strlen(text), e);
}

/* Removes line `number` from the text. */
static void drop_line(struct edit *ed, int number)
{
	char *at = ed->text, *end = ed->text + ed->len, *next;

	for (int n = 1; n < number; n++)
		at = (char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	next = memchr(at, '\n', (size_t)(end - at));
	next = next ? next + 1 : end;
	memmove(at, next, (size_t)(end - next));
	ed->len -= (size_t)(next - at);
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
		return err_set(e, ERR_USAGE,
			       "no key in %s is named %s; `hornero key list` shows them", path,
			       name);
	return edit_write(&ed, ed.text, ed.len, e);
}
