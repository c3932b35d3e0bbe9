/* filter: the options --image, --repo, --state and --pushed-by, which limit a listing of jobs. */
#ifndef HORNERO_CLI_FILTER_H
#define HORNERO_CLI_FILTER_H

#include "cli/cli.h"
#include "cli/names.h"

struct filter {
	struct job_filter job; /* borrows from uuid and from the command line */
	char uuid[UUID_LEN + 1];
};

/* Reads --image and --repo. Returns 0, or -1 with ERR_USAGE. */
int filter_source(struct filter *f, const struct call *call, const struct names *names,
		  struct err *e);

/* The same, and --state and --pushed-by. */
int filter_read(struct filter *f, const struct call *call, const struct names *names,
		struct err *e);

/* Returns true if it limits anything. */
bool filter_limits(const struct filter *f);

#endif
