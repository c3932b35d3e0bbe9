/* sharing: answers the wishes of store/wanted.h: looks for a record, fetches the bytes from the
 * node that serves them or from Glance, and compares them with the digest while they are
 * written. */
#ifndef HORNERO_GLANCE_SHARING_H
#define HORNERO_GLANCE_SHARING_H

#include "glance/imageapi.h"

/* Answers each wish that waits and has no answer yet, and removes bytes that nobody waits for.
 * stop: as for http_new(). Returns -1 if glance_dir or the store cannot be used. */
int sharing_pass(struct glance *g, http_stop *stop, struct err *e);

#endif
