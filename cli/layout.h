/* layout: hornero's directories on a node with their modes and owners; init makes them, doctor
 * checks them. */
#ifndef HORNERO_CLI_LAYOUT_H
#define HORNERO_CLI_LAYOUT_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define NO_UID ((uid_t)-1)
#define NO_GID ((gid_t)-1)

struct layout_dir {
	const char *path;
	mode_t mode;
	uid_t uid; /* NO_UID, NO_GID: leave as it is */
	gid_t gid;
	const char *purpose; /* a few words for users */
};

enum { LAYOUT_MAX = 18 };

struct layout {
	struct layout_dir list[LAYOUT_MAX];
	size_t n;
	/* paths of list */
	char *cancel, *mirror_access, *mirror_work, *metrics;
};

void layout_init(struct layout *p, const struct conf *c);
void layout_fini(struct layout *p);

/* By default in Nova's instances_path, so not in the list: that may be missing. */
struct layout_dir layout_store(const struct conf *c);

bool layout_is_right(const struct layout_dir *p, const struct stat *st);

#define own_layout __attribute__((cleanup(layout_fini)))

#endif
