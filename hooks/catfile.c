/* catfile: DIAGNOSTICS: ERR_OPERATOR if git is missing or its answer is malformed, ERR_NOBODY if it
 * takes too long. */
#include "hooks/catfile.h"

#include "hooks/treescan.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

enum {
	HEADER_MAX = 8192,
	CATFILE_TREE_MAX = 8 << 20, /* the largest directory listing to read, in bytes */
};

/* receive-pack names the repository and its quarantine in these. */
static const char *const kept[] = {
	"GIT_DIR",
	"GIT_OBJECT_DIRECTORY",
	"GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_QUARANTINE_PATH",
};

static const char *const fixed[] = {
	"PATH=/usr/local/bin:/usr/bin:/bin",
	"LC_ALL=C",
	"GIT_CONFIG_NOSYSTEM=1",
	"GIT_ATTR_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null",
	"GIT_NO_REPLACE_OBJECTS=1",
	"GIT_TERMINAL_PROMPT=0",
};

/* getenv returns a pointer into "NAME=value": stepping back over the name yields the whole
 * string. */
void catfile_env(const char *env[CATFILE_ENV_MAX], const char *index)
{
	static char variable[4096 + 32];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = getenv(kept[i]);

		if (value)
			env[n++] = value - strlen(kept[i]) - 1;
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		env[n++] = fixed[i];
	if (index && snprintf(variable, sizeof(variable), "GIT_INDEX_FILE=%s", index) <
			     (int)sizeof(variable))
		env[n++] = variable;
	env[n] = NULL;
}

static int catfile_start(struct catfile *cf, struct err *e)
{
	static const char *const argv[] = {"git", "cat-file", "--batch", NULL};
	const char *env[CATFILE_ENV_MAX];
	struct spawn s = SPAWN_INIT(argv);
	own_fd int in = -1, to = -1, from = -1, out = -1;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start git");
	in = pair[0];
	to = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot start git");
	from = pair[0];
	out = pair[1];
	catfile_env(env, NULL);
	s.envp = env;
	s.in = in;
	s.out = out;
	if (spawn_start(&s, &cf->child, e) < 0)
		return -1;
	cf->to = steal_fd(&to);
	cf->from = steal_fd(&from);
	cf->have = cf->used = 0;
	if (cf->deadline_ms == 0)
		cf->deadline_ms = clock_mono_ms() + CATFILE_TIMEOUT_MS;
	return 0;
}

/* Kills git instead of draining the pipe: a gigabyte may be left in it. */
void catfile_close(struct catfile *cf)
{
	if (cf->to < 0)
		return;
	close(cf->to);
	close(cf->from);
	cf->to = cf->from = -1;
	spawn_kill(&cf->child);
}

static int catfile_fill(struct catfile *cf, struct err *e)
{
	for (;;) {
		struct pollfd p = {.fd = cf->from, .events = POLLIN};
		int64_t left_ms = cf->deadline_ms - clock_mono_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return err_set(e, ERR_NOBODY, "git cat-file did not answer within %d s",
				       CATFILE_TIMEOUT_MS / 1000);
		n = read(cf->from, cf->buf, sizeof(cf->buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_OPERATOR, "cannot read from git cat-file");
		if (n == 0)
			return err_set(e, ERR_OPERATOR, "git cat-file ended early");
		cf->have = (size_t)n;
		cf->used = 0;
		return 0;
	}
}

/* Returns the size of the next piece of the answer, at most want bytes, or 0 on error. */
static size_t catfile_some(struct catfile *cf, size_t want, const char **at, struct err *e)
{
	size_t n;

	if (cf->used == cf->have && catfile_fill(cf, e) < 0)
		return 0;
	n = cf->have - cf->used;
	n = n < want ? n : want;
	*at = cf->buf + cf->used;
	cf->used += n;
	return n;
}

static int header_read(struct catfile *cf, char line[HEADER_MAX], struct err *e)
{
	const char *at;

	for (size_t n = 0; n < HEADER_MAX; n++) {
		if (catfile_some(cf, 1, &at, e) == 0)
			return -1;
		line[n] = *at;
		if (*at == '\n') {
			line[n] = '\0';
			return 0;
		}
	}
	return err_set(e, ERR_OPERATOR, "git cat-file answered with an endless line");
}

/* Asks for an object by git's notation. Returns 1 if it exists (fills oid, type and size; the
 * content follows), 0 if it is missing, -1 on error. */
static int ask_name(struct catfile *cf, const char *name, char oid[65], char type[16], size_t *size,
		    struct err *e)
{
	own_free char *question = fs_path("%s\n", name);
	static const char missing[] = " missing";
	char line[HEADER_MAX];
	size_t len;

	if (strlen(question) > HEADER_MAX - sizeof(missing) || strchr(name, '\n'))
		return err_set(e, ERR_OPERATOR,
			       "cannot ask git for %s: the name is too long or has a newline",
			       name);
	if (cf->to < 0 && catfile_start(cf, e) < 0)
		return -1;
	if (fs_write_all(cf->to, question, strlen(question)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot ask git cat-file");
	if (header_read(cf, line, e) < 0)
		return -1;
	len = strlen(line);
	if (len >= sizeof(missing) && strcmp(line + len - (sizeof(missing) - 1), missing) == 0)
		return 0;
	if (sscanf(line, "%64[0-9a-f] %15[a-z] %zu", oid, type, size) != 3)
		return err_set(e, ERR_OPERATOR, "git cat-file answered \"%s\"", line);
	return 1;
}

static int ask(struct catfile *cf, const char *commit, const char *path, char oid[65],
	       char type[16], size_t *size, struct err *e)
{
	own_free char *name = fs_path("%s:%s", commit, path);

	return ask_name(cf, name, oid, type, size, e);
}

/* Reads size bytes of content and the newline after them. */
static int take(struct catfile *cf, size_t size, char *text, struct treescan *scan, struct err *e)
{
	const char *at;

	for (size_t done = 0; done < size;) {
		size_t n = catfile_some(cf, size - done, &at, e);

		if (n == 0)
			return -1;
		if (text)
			memcpy(text + done, at, n);
		if (scan)
			treescan_feed(scan, at, n);
		done += n;
	}
	return catfile_some(cf, 1, &at, e) == 1 ? 0 : -1;
}

/* Looks up the mode of name in the tree commit:subdir. */
static int ask_mode(struct catfile *cf, const char *commit, const char *subdir, const char *name,
		    unsigned int *mode, struct err *e)
{
	struct treescan scan;
	char oid[65], type[16];
	size_t size;
	int got = ask(cf, commit, subdir, oid, type, &size, e);

	if (got < 0)
		return -1;
	if (got == 0 || strcmp(type, "tree") != 0)
		return err_set(e, ERR_OPERATOR, "git cat-file finds a file, but not its directory");
	treescan_init(&scan, name, strlen(commit) / 2);
	if (take(cf, size, NULL, &scan, e) < 0)
		return -1;
	*mode = scan.mode;
	return 0;
}

static int read_blob(struct catfile *cf, size_t size, size_t max, struct found *f, struct err *e)
{
	own_free char *text = NULL;

	f->len = size;
	if (size > max) {
		f->kind = FOUND_TOO_LARGE;
		catfile_close(cf); /* cheaper than reading it all */
		return 0;
	}
	text = malloc(size + 1);
	if (!text)
		return err_set(e, ERR_NOBODY, "out of memory for a file of %zu bytes", size);
	if (take(cf, size, text, NULL, e) < 0)
		return -1;
	text[size] = '\0';
	f->kind = FOUND_FILE;
	f->text = steal_ptr(&text);
	return 0;
}

int catfile_read(struct catfile *cf, const char *commit, const char *subdir, const char *name,
		 size_t max, struct found *out, struct err *e)
{
	own_free char *path = fs_path("%s%s%s", subdir, *subdir ? "/" : "", name);
	struct found f = {.kind = FOUND_NOTHING};
	unsigned int mode = 0;
	char oid[65] = "", type[16] = "";
	size_t size = 0;
	int got = ask(cf, commit, path, oid, type, &size, e);

	if (got < 0)
		return -1;
	if (got > 0 && strcmp(type, "blob") != 0) {
		f.kind = strcmp(type, "tree") == 0 ? FOUND_DIRECTORY : FOUND_SUBMODULE;
		catfile_close(cf);
	} else if (got > 0) {
		if (read_blob(cf, size, max, &f, e) < 0)
			return err_wrap(e, "object %s", oid);
		if (ask_mode(cf, commit, subdir, name, &mode, e) < 0) {
			free(f.text);
			return -1;
		}
		if (found_kind_of(mode) == FOUND_LINK)
			f.kind = FOUND_LINK;
	}
	*out = f;
	return 0;
}

int catfile_object(struct catfile *cf, const char *name, const char *want, size_t max, char **out,
		   size_t *len, struct err *e)
{
	own_free char *text = NULL;
	char type[16] = "";
	char oid[65];
	size_t size;
	int got = ask_name(cf, name, oid, type, &size, e);

	if (got <= 0)
		return got;
	if (strcmp(type, want) != 0) {
		catfile_close(cf);
		return 0;
	}
	if (size > max) {
		catfile_close(cf);
		return err_set(e, ERR_NOBODY,
			       "cannot read the %s %s: it has %zu bytes, at most %zu are read",
			       want, name, size, max);
	}
	text = malloc(size + 1);
	if (!text)
		return err_set(e, ERR_NOBODY, "out of memory for a %s of %zu bytes", want, size);
	if (take(cf, size, text, NULL, e) < 0)
		return -1;
	text[size] = '\0';
	*out = steal_ptr(&text);
	*len = size;
	return 1;
}

int catfile_tree(struct catfile *cf, const char *name, char **out, size_t *len, struct err *e)
{
	return catfile_object(cf, name, "tree", CATFILE_TREE_MAX, out, len, e);
}

/* Does not read the content: it may be a gigabyte. */
int catfile_peel(struct catfile *cf, const char *oid, char out[65], char type[16], struct err *e)
{
	own_free char *name = fs_path("%s^{}", oid);
	size_t size;
	int got = ask_name(cf, name, out, type, &size, e);

	catfile_close(cf);
	return got != 0 ? got
			: err_set(e, ERR_OPERATOR, "git cat-file does not find the object %s", oid);
}
