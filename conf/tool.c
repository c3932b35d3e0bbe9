/* tool: DIAGNOSTICS: an invisible program counts as missing; else as spawn_capture. */
#include "conf/tool.h"

#include "conf/input.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { OUTPUT_MAX = 65536 };

#define USUAL "/usr/local/bin:/usr/bin:/usr/sbin"

/* Returns what follows the directory in the path, or NULL if the path is not in it. */
static const char *below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || !path[len]) ? path + len : NULL;
}

/* Returns the place on the node of a path in an input, which the caller frees, or NULL. Of two
 * inputs, the sandbox shows the last one. */
static char *in_input(const struct conf *c, const struct builder *b, const char *path)
{
	size_t n = 0;

	while (b->inputs && b->inputs[n])
		n++;
	while (n-- > 0) {
		const char *rest = below(path, b->inputs_at[n]);
		own_free char *host = rest ? input_path(c, b->inputs[n]) : NULL;

		if (host)
			return fs_path("%s%s", host, rest);
	}
	return NULL;
}

/* The same for a directory of PATH and what is in it. The sandbox has /usr, and links to it. */
static char *on_node(const struct conf *c, const struct builder *b, const char *path)
{
	char *host = in_input(c, b, path);

	if (host)
		return host;
	return below(path, "/usr") || below(path, "/bin") || below(path, "/sbin")
		       ? fs_path("%s", path)
		       : NULL;
}

static void add(char **text, const char *dir, size_t len)
{
	char *longer = fs_path("%s%.*s:", *text, (int)len, dir);

	free(*text);
	*text = longer;
}

/* Adds the directories on the node of inputs that builds see as programs in dir. */
static void add_single(const struct conf *c, const struct builder *b, const char *dir, char **text)
{
	for (size_t i = 0; b->inputs && b->inputs[i]; i++) {
		const char *name = below(b->inputs_at[i], dir);
		own_free char *host = name && *name ? input_path(c, b->inputs[i]) : NULL;
		const char *at = host ? strrchr(host, '/') : NULL;

		if (at && strcmp(at, name) == 0)
			add(text, host, (size_t)(at - host));
	}
}

/* Returns PATH of the builder's env, or NULL. */
static const char *own_path(const struct builder *b)
{
	for (char **pair = b->env; pair && *pair; pair++)
		if (strncmp(*pair, "PATH=", strlen("PATH=")) == 0)
			return *pair + strlen("PATH=");
	return NULL;
}

/* Returns the directories in which builds find programs, joined by colons, as they are on the
 * node. The caller frees the text. */
static char *directories(const struct conf *c, const struct builder *b)
{
	const char *own = own_path(b);
	own_free char *copy = fs_path("%s", own ? own : "");
	own_free char *text = fs_path("%s", "");
	char *rest = copy, *dir;

	while ((dir = strsep(&rest, ":"))) {
		own_free char *host = on_node(c, b, dir);

		if (host)
			add(&text, host, strlen(host));
		add_single(c, b, dir, &text);
	}
	return fs_path("%s" USUAL, text);
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *tool_find(const struct conf *c, const struct builder *b, const char *program)
{
	const char *own = own_path(b);
	own_free char *dirs = fs_path("%s:" USUAL, own ? own : "");
	own_free char *path = NULL;
	char *rest = dirs, *dir;

	if (program[0] == '/') {
		path = in_input(c, b, program);
		if (!path)
			path = fs_path("%s", program);
		return access(path, F_OK) == 0 ? steal_ptr(&path) : NULL;
	}
	while ((dir = strsep(&rest, ":"))) {
		own_free char *inside = fs_path("%s/%s", dir, program);

		free(path);
		path = on_node(c, b, inside);
		if (path && is_program(path))
			return steal_ptr(&path);
	}
	return NULL;
}

const char *tool_missing(const struct conf *c, const struct builder *b)
{
	for (char **need = b->needs; need && *need; need++) {
		own_free char *path = tool_find(c, b, *need);

		if (!path)
			return *need;
	}
	return NULL;
}

char *tool_lack(const struct builder *b, const char *program)
{
	if (program[0] == '/')
		return fs_path("%s is missing", program);
	return own_path(b) ? fs_path("the program %s is not in /usr, nor in a directory of PATH "
				     "that builds see (env, inputs)", program)
			   : fs_path("the program %s is not in /usr", program);
}

char *tool_lacking(const struct conf *c, const struct builder *b)
{
	const char *need = tool_missing(c, b);
	const char *package = need ? builder_package(need) : NULL;
	own_free char *what = need ? tool_lack(b, need) : NULL;

	if (!need)
		return NULL;
	return package && *package ? fs_path("%s; install it (Debian: %s)", what, package)
				   : fs_path("%s; install it", what);
}

int tool_version(const struct conf *c, const struct builder *b, char *const *argv, int timeout_ms,
		 int errors, char **out, size_t *len, struct err *e)
{
	own_free char *dirs = directories(c, b);
	own_free char *path = fs_path("PATH=%s:/bin", dirs);
	const char *const env[] = {path, "LANG=C.UTF-8", "HOME=/nonexistent", NULL};
	struct spawn s = SPAWN_INIT((const char *const *)argv);

	s.envp = env;
	s.cwd = "/";
	s.err = errors;
	s.set_ids = geteuid() == 0;
	s.uid = c->build_uid;
	s.gid = c->build_gid;
	return spawn_capture(&s, timeout_ms, OUTPUT_MAX, out, len, e);
}
