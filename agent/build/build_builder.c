/* build_builder: sandbox 2, which runs the operator's builder on the pusher's source.
 * DIAGNOSTICS: ERR_PUSHER if the builder fails, ERR_OPERATOR if a program or file that it needs is
 * missing. */
#include "agent/build/build.h"

#include "agent/build/sandbox.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/program.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int check_needs(struct build *b)
{
	for (char **need = b->builder->needs; need && *need; need++)
		if (!program_is_installed(*need))
			return verdict_end(&b->verdict, CAUSE_TOOL, "the builder %s needs the "
					   "program %s, which is not in /usr on this node; install "
					   "it, then: hornero retry %lld", b->builder->name, *need,
					   (long long)b->verdict.made.job);
	return 0;
}

/* Removes an earlier artifact before the builder starts, so that a file found afterwards is new. */
static int remove_target(struct build *b)
{
	const char *path = b->builder->artifact + strlen("/build/");
	const char *slash = strrchr(path, '/');
	own_free char *parent = fs_path("%.*s", (int)(slash - path), path);
	own_fd int dir = fs_enter_beneath(b->work, parent);
	struct err e = ERR_INIT;

	if (dir < 0 && errno == ENOENT)
		return 0;
	/* EPERM: another user owns it, and no build can cause that. */
	if (dir < 0)
		return verdict_say(&b->verdict, errno == EPERM ? ERR_OPERATOR : ERR_PUSHER,
				   CAUSE_ARTIFACT, "cannot enter %s to remove the artifact "
				   "of an earlier build: %s", parent, strerror(errno));
	if (fs_remove_tree(dir, slash + 1, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_ARTIFACT, "%s", e.msg);
	return 0;
}

/* Inputs may be mounted inside the cache, which an earlier build could write. Removes anything on
 * the way that is not a plain directory, or not a plain file at its end. */
static int clear_mount_point(struct build *b, const char *at)
{
	const char *path = at + strlen("/build/");

	for (const char *end = strchr(path, '/'); end; end = strchr(end, '/')) {
		const char *next = strchr(++end, '/');
		own_free char *parent = fs_path("%.*s", (int)(end - 1 - path), path);
		own_free char *name = fs_path("%.*s", next ? (int)(next - end) : (int)strlen(end),
					      end);
		own_fd int dir = fs_enter_beneath(b->work, parent);
		struct stat st;
		struct err e = ERR_INIT;

		if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return 0; /* missing: bubblewrap creates it */
		if (next ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))
			continue;
		if (fs_remove_tree(dir, name, &e) < 0)
			return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	}
	return 0;
}

static int clear_mount_points(struct build *b)
{
	for (char **at = b->builder->inputs_at; at && *at; at++)
		if (strncmp(*at, "/build/", strlen("/build/")) == 0 &&
		    clear_mount_point(b, *at) < 0)
			return -1;
	return 0;
}

static void add_words(struct build *b, struct args *a)
{
	const struct builder *bu = b->builder;
	own_free char *src = fs_path("%s/src", b->work_path);
	own_free char *cache = fs_path("%s/cache", b->work_path);

	sandbox_begin(a, STAGE_FD_SANDBOX, STAGE_FD_FILTERS);
	sandbox_bind(a, "--bind", src, "/build/src");
	sandbox_bind(a, "--bind", cache, "/build/cache");
	for (size_t i = 0; bu->inputs && bu->inputs[i]; i++)
		sandbox_bind(a, "--ro-bind", bu->inputs[i], bu->inputs_at[i]);
	for (char **device = bu->devices; device && *device; device++)
		sandbox_bind(a, "--dev-bind-try", *device, *device);
	args_add(a, "--chdir");
	args_add(a, "/build/src");
	sandbox_env(a, "HOME", "/build/cache");
	sandbox_env(a, "HORNERO_TREE", b->verdict.made.tree);
	sandbox_env(a, "SOURCE_DATE_EPOCH", "315532800");
	for (char **pair = bu->env; pair && *pair; pair++) {
		const char *equals = strchr(*pair, '=');
		own_free char *name = fs_path("%.*s", (int)(equals - *pair), *pair);

		sandbox_env(a, name, equals + 1);
	}
	sandbox_command(a);
	for (char **word = bu->argv; *word; word++)
		args_add(a, *word);
}

/* Leftovers of earlier builds may be the reason for the failure: suggest a clean build. */
static void hint_clean(struct build *b)
{
	size_t len = strlen(b->verdict.reason);

	if (b->from_clean || verdict_cause(&b->verdict) != CAUSE_EXIT)
		return;
	snprintf(b->verdict.reason + len, sizeof(b->verdict.reason) - len,
		 " (an incremental build; for a clean one: git push -o clean)");
}

int build_builder(struct build *b)
{
	const struct builder *bu = b->builder;
	own_stage struct stage s = {.log = NULL};
	struct err e = ERR_INIT;

	if (check_needs(b) < 0 || build_boot_needs(b) < 0 || remove_target(b) < 0 ||
	    clear_mount_points(b) < 0)
		return -1;
	build_stage(b, &s);
	add_words(b, &s.args);
	s.limit_ms = build_limit_s(b) * 1000;
	s.silence_ms = b->conf->silence_timeout_s * 1000;
	stage_note(&b->log, "builder %s: %s", bu->name, bu->argv[0]);
	if (stage_run(&s, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	b->verdict.build_ms = s.took_ms;
	if (s.ended == STAGE_EXIT && s.status == 0)
		return 0;
	build_blame(b, &s, CAUSE_EXIT, bu->argv[0]);
	hint_clean(b);
	return -1;
}
