/*
 * placement: the disk space that Nova does not see as used.
 *
 * Nova tells Placement the size of the filesystem of instances_path, and counts only the disks of
 * instances as used: neither its image cache (its bug 1878024) nor other files. Their space
 * must be in its setting reserved_host_disk_mb, or the scheduler promises it to instances.
 */
#ifndef HORNERO_CLI_PLACEMENT_H
#define HORNERO_CLI_PLACEMENT_H

#include "cli/cli.h"

enum { PLACEMENT_PARTS = 5 };

struct placement_part {
	const char *name, *path; /* borrowed */
	int64_t bytes;           /* allocated now; blocks that files share are counted for each */
	int64_t budget_bytes;    /* 0: none */
	bool is_counted;         /* on that filesystem, and not below another part */
	bool is_whole;           /* all of it could be read */
};

struct placement {
	struct placement_part parts[PLACEMENT_PARTS];
	int64_t needed_mib;   /* for reserved_host_disk_mb: for each part the greater of both */
	bool is_whole;
	int64_t nova_mib;     /* Nova's setting; -1: unknown */
	bool is_local;        /* Nova keeps the disks of instances there */
	struct err problem;   /* why nova.conf could not be read; ERR_NONE if it was */
};

int placement_look(const struct conf *c, struct placement *out, struct err *e);

/* Prints `hornero cache --placement`. */
int placement_print(struct cli *cli, struct err *e);

#endif
