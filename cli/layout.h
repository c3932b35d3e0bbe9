/* places: hornero's directories on a node with their modes and owners; init makes them, doctor
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

struct place {
	const char *path;
	mode_t mode;
	uid_t uid; /* NO_UID, NO_GID: leave as it is */
	gid_t gid;
};

enum { PLACES_MAX = 12 };

struct places {
	struct place list[PLACES_MAX];
	size_t n;
	char *cancel; /* a path of list */
};

void places_init(struct places *p, const struct conf *c);
void places_fini(struct places *p);

bool place_is_right(const struct place *p, const struct stat *st);

#define own_places __attribute__((cleanup(places_fini)))

#endif
