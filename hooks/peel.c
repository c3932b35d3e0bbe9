/* peel: DIAGNOSTICS: ERR_PUSHER for a tag of an object that is no commit; else as
 * hooks/catfile.h. */
#include "hooks/peel.h"

#include "hooks/loose.h"

#include <stdio.h>
#include <string.h>

#define BRANCHES "refs/heads/"

int peel_commit(struct catfile *cf, const struct refline *r, char commit[65], struct err *e)
{
	char type[16] = "commit";
	char found[65];

	snprintf(found, sizeof(found), "%s", r->new);
	if (strncmp(r->ref, BRANCHES, strlen(BRANCHES)) != 0 &&
	    loose_peel(r->new, found, type) == 0 && catfile_peel(cf, r->new, found, type, e) < 0)
		return -1;
	if (strcmp(type, "commit") != 0) {
		err_set(e, ERR_PUSHER,
			"it leads to a %s, and an image is built from a commit; tag a commit",
			type);
		return 1;
	}
	memcpy(commit, found, sizeof(found));
	return 0;
}
