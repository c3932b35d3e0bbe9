/* builder_lacks: the programs, inputs and permissions that a builder needs and this node does not
 * have.
 * DIAGNOSTICS: none; each lack is a call of say. */
#include "cli/builder.h"

#include "conf/input.h"
#include "conf/tool.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/treewalk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PROGRAMS_MAX = 64 };

struct look {
	const struct conf *c;
	const struct builder *b;
	const char *file; /* of b */
	void (*say)(void *arg, const char *name, const char *what, const char *mend);
	void *arg;
	const char *seen[PROGRAMS_MAX];
	size_t nseen, n;
};

static void lack(struct look *l, const char *name, char *what, char *mend)
{
	l->say(l->arg, name, what, mend);
	l->n++;
	free(what);
	free(mend);
}

static char *mend_program(const struct look *l, const char *program)
{
	const char *package = builder_package(program);

	if (package && *package)
		return fs_path("apt-get install %s", package);
	if (package)
		return fs_path("no package of Debian has it; the first lines of %s say how to "
			       "prepare a node", l->file);
	if (program[0] == '/')
		return fs_path("make it as the first lines of %s say", l->file);
	return fs_path("install it below /usr, or have its directory in inputs and in PATH; the "
		       "first lines of %s may say how", l->file);
}

static void look_at_program(struct look *l, const char *program)
{
	own_free char *path = NULL;

	for (size_t i = 0; i < l->nseen; i++)
		if (strcmp(l->seen[i], program) == 0)
			return;
	if (l->nseen < PROGRAMS_MAX)
		l->seen[l->nseen++] = program;
	path = tool_find(l->c, l->b, program);
	if (!path)
		lack(l, program, tool_lack(l->b, program), mend_program(l, program));
}

static int pass(void *arg, const struct tree_entry *entry, struct err *e)
{
	(void)arg;
	(void)entry;
	(void)e;
	return 0;
}

static char *mend_input(const struct look *l, const char *input, int why)
{
	const char *base = input_base(input);

	if (why == EACCES)
		return fs_path("run this as root");
	if (base && why == ENOENT)
		return fs_path("hornero base add %s URL|FILE --sha256 HEX", base);
	return fs_path("make it as the first lines of %s say, or remove it from `inputs` in a copy",
		       l->file);
}

/* Walks a directory, and reads no file. */
static void look_at_input(struct look *l, const char *input)
{
	own_free char *path = input_path(l->c, input);
	struct err why = ERR_INIT;
	struct stat st;
	int code = stat(path, &st) < 0 ? errno : 0;

	if (code)
		lack(l, path, fs_path("the input %s: %s", path, strerror(code)),
		     mend_input(l, input, code));
	else if (input_lacks(l->c, &st))
		lack(l, path, fs_path("builds cannot read the input %s", path),
		     fs_path("chmod %s %s", input_lacks(l->c, &st), path));
	else if (tree_walk(path, pass, NULL, &why) < 0 && why.class == ERR_OPERATOR)
		lack(l, path, fs_path("the input %s: %s", path, why.msg),
		     fs_path("mend that, or remove it from `inputs` in a copy of %s", l->file));
}

/* fetch may look for programs elsewhere than builds do. */
static bool has_own_path(const struct builder *b)
{
	for (char **pair = b->fetch_env; pair && *pair; pair++)
		if (strncmp(*pair, "PATH=", 5) == 0)
			return true;
	return false;
}

size_t builder_lacks(const struct conf *c, const struct builder *b,
		     void (*say)(void *arg, const char *name, const char *what, const char *mend),
		     void *arg)
{
	own_free char *file = fs_path("%s/%s.yaml", c->builders_dir, b->name);
	struct look l = {.c = c, .b = b, .file = file, .say = say, .arg = arg};

	for (char **need = b->needs; need && *need; need++)
		look_at_program(&l, *need);
	for (char ***command = b->version; command && *command; command++)
		look_at_program(&l, **command);
	/* A path may be one of the sandbox. */
	if (!strchr(b->argv[0], '/'))
		look_at_program(&l, b->argv[0]);
	if (b->fetch && !strchr(b->fetch[0], '/') && !has_own_path(b))
		look_at_program(&l, b->fetch[0]);
	for (char **path = b->inputs; path && *path; path++)
		look_at_input(&l, *path);
	if (b->fetch && c->allow_fetch != CONF_ALLOW_FETCH_YES)
		lack(&l, "allow_fetch", fs_path("it fetches what builds need (fetch), and this "
						"node does not allow that"),
		     fs_path("if it may, write allow_fetch: yes into %s", c->path));
	return l.n;
}
