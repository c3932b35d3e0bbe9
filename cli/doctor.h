/*
 * doctor: checks every prerequisite once; each finding carries the command that fixes it.
 *
 *   status.c        the findings of some checks as one line, for monitoring
 *   doctor.c        the table of checks
 *   doctor_node.c   directories, programs, hornerod, the publisher
 *   doctor_builders.c  builder files
 *   doctor_files.c  image files, limits of groups, nodes.yaml
 *   doctor_repo.c   repositories, their hooks and locks
 *   doctor_door.c   the door, its host keys, the keys file
 *   doctor_signed.c  what require_signed needs
 *   doctor_sandbox.c  bubblewrap
 *   doctor_system.c  kernel, clock, mounts, speed of the queue's disk
 *   doctor_nova.c   what hornero shares with Nova
 *   doctor_group.c  control groups
 *   doctor_disk.c   floors, budgets, reflinks, the store
 *   doctor_cache.c  files of Nova's cache
 *   doctor_glance.c  releases that are registered in Glance
 *   doctor_mirror.c  repositories that follow an upstream
 *   doctor_notify.c  programs that are told of publications and of the audit log
 *   doctor_placement.c  disk space that Nova takes for free
 *   doctor_queue.c  jobs that need an operator
 *   doctor_say.c    passes a finding on
 *
 * A check reports at least one finding. It writes only unnamed scratch files, and must work on
 * a node that is set up in part or not at all.
 */
#ifndef HORNERO_CLI_DOCTOR_H
#define HORNERO_CLI_DOCTOR_H

#include "cli/cli.h"

#include <jansson.h>

/* doctor shows the last three as "bad"; `hornero status` tells them apart. In order of severity. */
enum doctor_state {
	DOCTOR_OK,
	DOCTOR_ACCEPTED, /* a warning that hornero.yaml accepts */
	DOCTOR_WARN,  /* works, but not fully */
	DOCTOR_PART,  /* one image or job does not work; the others do */
	DOCTOR_BLIND, /* our user may not look */
	DOCTOR_BAD,   /* something does not work */
};

struct finding {
	const char *check;
	enum doctor_state state;
	const char *text, *mend; /* mend: the command that fixes it, or NULL */
};

struct doctor {
	struct cli *cli;
	void (*tell)(void *arg, const struct finding *f); /* gets every finding, also ok ones */
	void *arg;
	const struct conf *c; /* NULL: it cannot be read */
	const char *check;    /* the running one */
	int findings;         /* that are neither ok nor accepted */
	enum doctor_state worst;
};

/* Runs all checks, or those that say whether the node works now: cheap enough for every minute. */
enum doctor_scope { DOCTOR_SETUP, DOCTOR_HEALTH };
void doctor_look(struct doctor *d, enum doctor_scope scope);

#define DOCTOR_SYSCTL_STAYS "# and in /etc/sysctl.d, for the next boot"

/* Reports a finding. mend: the command that fixes it, or NULL. */
void doctor_say(struct doctor *d, enum doctor_state state, const char *mend, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#define doctor_ok(d, ...) doctor_say(d, DOCTOR_OK, NULL, __VA_ARGS__)

#define DOCTOR_CHECK(name) void doctor_##name(struct doctor *d)
DOCTOR_CHECK(directories);
DOCTOR_CHECK(programs);
DOCTOR_CHECK(agent);
DOCTOR_CHECK(users);
DOCTOR_CHECK(publisher);
DOCTOR_CHECK(images);
DOCTOR_CHECK(files);
DOCTOR_CHECK(door);
DOCTOR_CHECK(keys);
DOCTOR_CHECK(signed);
DOCTOR_CHECK(sandbox);
DOCTOR_CHECK(system);
DOCTOR_CHECK(nova);
DOCTOR_CHECK(builders);
DOCTOR_CHECK(repositories);
DOCTOR_CHECK(mirrors);
DOCTOR_CHECK(cgroups);
DOCTOR_CHECK(disks);
DOCTOR_CHECK(reflinks);
DOCTOR_CHECK(store);
DOCTOR_CHECK(cache);
DOCTOR_CHECK(glance);
DOCTOR_CHECK(notify);
DOCTOR_CHECK(placement);
DOCTOR_CHECK(queue);

#endif
