/*
 * doctor: checks every prerequisite once; each finding carries the command that fixes it.
 *
 *   doctor.c        the table of checks
 *   doctor_node.c   directories, programs, hornerod, the publisher
 *   doctor_builders.c  builder files
 *   doctor_files.c  image files, repositories and their hooks
 *   doctor_group.c  control groups
 *   doctor_disk.c   floors, budgets, reflinks, the store
 *   doctor_cache.c  files of Nova's cache
 *   doctor_queue.c  jobs that need an operator
 *   doctor_say.c    prints a finding
 *
 * A check reports at least one finding. It writes only unnamed scratch files, and must work on
 * a node that is set up in part or not at all.
 */
#ifndef HORNERO_CLI_DOCTOR_H
#define HORNERO_CLI_DOCTOR_H

#include "cli/cli.h"

#include <jansson.h>

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARN, /* works, but not fully */
	DOCTOR_BAD,  /* something does not work */
};

struct doctor {
	const struct cli *cli;
	const struct conf *c;
	const char *check; /* the running one */
	json_t *rows;
	int findings;
};

/* Reports a finding. mend: the command that fixes it, or NULL. */
void doctor_say(struct doctor *d, enum doctor_state state, const char *mend, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#define doctor_ok(d, ...) doctor_say(d, DOCTOR_OK, NULL, __VA_ARGS__)

#define DOCTOR_CHECK(name) void doctor_##name(struct doctor *d)
DOCTOR_CHECK(directories);
DOCTOR_CHECK(programs);
DOCTOR_CHECK(agent);
DOCTOR_CHECK(publisher);
DOCTOR_CHECK(images);
DOCTOR_CHECK(builders);
DOCTOR_CHECK(repositories);
DOCTOR_CHECK(cgroups);
DOCTOR_CHECK(disks);
DOCTOR_CHECK(reflinks);
DOCTOR_CHECK(store);
DOCTOR_CHECK(cache);
DOCTOR_CHECK(queue);

#endif
