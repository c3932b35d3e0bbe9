/*
 * try: one build by hand, for `hornero builder try`: builder, check and boot in the sandboxes of a
 * real attempt, the log on standard output, and no queue, store or publication.
 *
 * The caller made the directory `scratch`, and removes it however this program ends. Everything
 * is written there: it takes the place of repo_base and store_dir. The builder's limits apply in a
 * control group of its own (try_group.h). The artifact boots if .hornero.yaml of the directory has
 * `expect`.
 */
#ifndef HORNERO_AGENT_BUILD_TRY_H
#define HORNERO_AGENT_BUILD_TRY_H

#include "conf/conf.h"
#include "lib/err.h"

struct try_words {
	const char *dir;     /* copied; stays as it is */
	const char *builder;
	const char *scratch;
	const char *output;  /* new file for the artifact */
};

/* Changes c. Returns 0, or -1 on error: the class of a failed build is that of its verdict. */
int try_build(struct conf *c, const struct try_words *t, struct err *e);

#endif
