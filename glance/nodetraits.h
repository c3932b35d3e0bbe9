/* nodetraits: brings the traits of this node's resource provider to the images that are warm. */
#ifndef HORNERO_GLANCE_NODETRAITS_H
#define HORNERO_GLANCE_NODETRAITS_H

#include "conf/image.h"
#include "glance/api.h"

struct nodetraits {
	json_t *wanted;      /* those of the last try; NULL: none in this process */
	int64_t due_ms;      /* monotonic: of the next look if nothing changes */
	int64_t tries;       /* in a row that failed */
	bool is_unsettled;
};

/* list: all images. */
int nodetraits_pass(struct glance *g, struct nodetraits *p, const struct image *list, size_t n,
		    bool (*is_stopped)(void *arg), struct err *e);
void nodetraits_fini(struct nodetraits *p);

#endif
