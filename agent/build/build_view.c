/* build_view: what the sandboxes of a fetch and of a build have in common.
 * DIAGNOSTICS: ERR_NOBODY if a tool or an input changed meanwhile, else as toolchain.h. */
#include "agent/build/build.h"

#include "agent/build/sandbox.h"
#include "agent/common/workdir.h"
#include "conf/input.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

void build_show_tree(const struct build *b, struct args *a, const char *how)
{
	const char *subdir = build_repo_says(b, "subdir"), *repo = build_inside(b);
	own_free char *src = fs_path("%s/src", b->work_path);
	own_free char *top = fs_path("%s%s%s", src, *repo ? "/" : "", repo);

	if (*repo)
		sandbox_bind(a, how, src, "/build/repo");
	sandbox_bind(a, how, top, "/build/src");
	args_add(a, "--chdir");
	args_addf(a, "/build/%s%s%s%s", *repo ? "repo/" : "src", repo, *subdir ? "/" : "", subdir);
}

void build_show_inputs(const struct build *b, struct args *a)
{
	const struct builder *bu = b->builder;

	for (size_t i = 0; bu->inputs && bu->inputs[i]; i++) {
		own_free char *host = input_path(b->conf, bu->inputs[i]);

		sandbox_bind(a, "--ro-bind", host, bu->inputs_at[i]);
	}
}

void build_add_pair(struct args *a, const char *pair)
{
	const char *equals = strchr(pair, '=');
	own_free char *name = fs_path("%.*s", (int)(equals - pair), pair);

	sandbox_env(a, name, equals + 1);
}

void build_add_env(struct args *a, char *const *pairs)
{
	for (; pairs && *pairs; pairs++)
		build_add_pair(a, *pairs);
}

/* The content key must not name tools and inputs that the build did not see from start to end. The
 * leftovers are of both: the next attempt starts clean. A failure with unchanged inputs stays the
 * pusher's. */
int build_check_inputs(struct build *b, int result)
{
	char now[SHA256_HEX + 1];
	struct err e = ERR_INIT, ignored = ERR_INIT;
	bool known = key_toolchain(b->conf, b->builder, now, &e) == 0;

	if (known ? strcmp(now, b->parts.toolchain) == 0 : result < 0)
		return result;
	(void)workdir_note_source(b->work, NULL, &ignored);
	if (!known)
		return verdict_say(&b->verdict, e.class, CAUSE_INPUTS, "%s", e.msg);
	return verdict_end(&b->verdict, CAUSE_INPUTS, "a tool or an input of the builder %s "
			   "changed while the build ran; it is built again", b->builder->name);
}
