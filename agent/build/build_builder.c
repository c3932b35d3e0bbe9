/* build_builder: sandbox 2, which runs the operator's builder on the pusher's source.
 * DIAGNOSTICS: ERR_PUSHER if the builder fails, ERR_OPERATOR if a program or file that it needs is
 * missing. */
#include "agent/build/build.h"

#include "agent/build/sandbox.h"
#include "conf/input.h"
#include "conf/repofile.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Programs look up their own loopback by name. The node's file would make artifacts depend on the
 * node. */
static const char hosts[] = "127.0.0.1 localhost hornero\n::1 localhost\n";

/* Inputs may be mounted inside the cache, which an earlier build could write. Removes anything on
 * the way that is not a plain directory, or that is not of the input's type at its end. */
static int clear_mount_point(struct build *b, const char *at, bool is_dir)
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
		if (next || is_dir ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))
			continue;
		if (fs_remove_tree(dir, name, &e) < 0)
			return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	}
	return 0;
}

static int clear_mount_points(struct build *b)
{
	char **inputs = b->builder->inputs, **at = b->builder->inputs_at;

	for (size_t i = 0; inputs && inputs[i]; i++) {
		own_free char *host = input_path(b->conf, inputs[i]);
		struct stat st;

		if (strncmp(at[i], "/build/", strlen("/build/")) == 0 &&
		    clear_mount_point(b, at[i],
				      stat(host, &st) == 0 && S_ISDIR(st.st_mode)) < 0)
			return -1;
	}
	return 0;
}

/* bubblewrap enters the directory by its path, so it must be one: a link of an earlier build could
 * lead anywhere in the sandbox, and a locked one would look like a fault of the node. */
static int check_subdir(struct build *b)
{
	const char *subdir = build_repo_says(b, "subdir");
	own_free char *seen = fs_path("/build/src/%s", subdir);
	own_free char *path = build_place(b, seen);
	own_fd int dir = *subdir ? fs_enter_beneath(b->work, path) : -1;

	if (!*subdir || dir >= 0)
		return 0;
	return verdict_sys(&b->verdict, errno == EPERM ? ERR_OPERATOR : ERR_PUSHER, CAUSE_CHECKOUT,
			   "%s: cannot enter the directory %s of the image (subdir)",
			   REPOFILE_NAME, subdir);
}

static bool may(const struct build *b, const char *setting)
{
	return repowords_may(b->builder->allow, setting, "");
}

static void add_arguments(const struct build *b, struct args *a)
{
	const char *word = NULL;

	while ((word = repowords_next(&b->words, "arguments", word)))
		args_add(a, word);
}

static void add_target(const struct build *b, struct args *a)
{
	const char *target = build_repo_says(b, "target");

	if (*target)
		args_add(a, target);
}

/* The builder's argv. A word "{target}" or "{arguments}" says where those of the repository go;
 * without it they follow at the end, the target first. A builder that does not allow them may use
 * these words for itself. */
static void add_command(const struct build *b, struct args *a)
{
	bool target = false, arguments = false;

	for (char **word = b->builder->argv; *word; word++) {
		if (strcmp(*word, "{target}") == 0 && may(b, "target")) {
			target = true;
			add_target(b, a);
		} else if (strcmp(*word, "{arguments}") == 0 && may(b, "arguments")) {
			arguments = true;
			add_arguments(b, a);
		} else {
			args_add(a, *word);
		}
	}
	if (!target)
		add_target(b, a);
	if (!arguments)
		add_arguments(b, a);
}

static void add_words(struct build *b, struct args *a)
{
	const struct builder *bu = b->builder;
	own_free char *cache = fs_path("%s/cache", b->work_path);
	const char *pair = NULL;

	sandbox_begin(a, STAGE_FD_SANDBOX, STAGE_FD_FILTERS);
	args_add(a, "--ro-bind-data");
	args_addf(a, "%d", STAGE_FD_IN);
	args_add(a, "/etc/hosts");
	build_show_tree(b, a, "--bind");
	sandbox_bind(a, "--bind", cache, "/build/cache");
	build_show_inputs(b, a);
	if (bu->fetch)
		sandbox_bind(a, "--ro-bind", b->fetched_path, BUILDER_FETCHED);
	for (char **device = bu->devices; device && *device; device++)
		sandbox_bind(a, "--dev-bind-try", *device, *device);
	sandbox_env(a, "HOME", "/build/cache");
	sandbox_env(a, "HORNERO_TREE", b->verdict.made.tree);
	sandbox_env(a, "SOURCE_DATE_EPOCH", "315532800");
	if (bu->fetch)
		sandbox_env(a, "HORNERO_FETCHED", BUILDER_FETCHED);
	build_add_env(a, bu->env);
	while ((pair = repowords_next(&b->words, "env", pair)))
		build_add_pair(a, pair);
	sandbox_command(a);
	add_command(b, a);
}

int build_builder(struct build *b)
{
	const struct builder *bu = b->builder;
	own_stage struct stage s = {.log = NULL};
	struct err e = ERR_INIT;
	own_fd int hosts_fd = -1;

	if (build_needs(b) < 0 || build_boot_needs(b) < 0 || build_artifact_begin(b) < 0 ||
	    clear_mount_points(b) < 0 || check_subdir(b) < 0 || build_fetch(b) < 0)
		return -1;
	hosts_fd = build_text("hosts", hosts, &e);
	if (hosts_fd < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	build_stage(b, &s);
	s.fds[s.nfds++] = (struct spawn_fd){hosts_fd, STAGE_FD_IN};
	add_words(b, &s.args);
	s.limit_ms = build_limit_s(b) * 1000;
	s.silence_ms = b->conf->silence_timeout_s * 1000;
	stage_note(&b->log, "builder %s: %s", bu->name, bu->argv[0]);
	if (stage_run(&s, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	b->verdict.build_ms += s.took_ms;
	if (s.ended == STAGE_EXIT && s.status == 0)
		return build_check_inputs(b, 0);
	build_blame(b, &s, CAUSE_EXIT, bu->argv[0]);
	return verdict_cause(&b->verdict) == CAUSE_EXIT ? build_check_inputs(b, -1) : -1;
}
