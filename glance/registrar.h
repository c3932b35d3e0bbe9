/*
 * registrar: brings the record of one release in Glance to what the outbox asks for.
 *
 * It looks at the record first and does the next missing step, until nothing is missing. So a death
 * at any point, or a second run, repeats nothing: a record is made once, gets its bytes once, and
 * is never deleted.
 */
#ifndef HORNERO_GLANCE_REGISTRAR_H
#define HORNERO_GLANCE_REGISTRAR_H

#include "conf/image.h"
#include "glance/imageapi.h"
#include "store/registration.h"

/* is_current: the release is to be active; else it is to be deactivated, or never to be registered.
 * looks: how many times in a row this release was only waited for. Fills state, method, passed and
 * reason of *r, whose older values it uses, and saves *r before a step that must not be repeated.
 * Returns true if Glance works on it: look again soon. */
bool registrar_settle(struct glance *g, const struct outgoing *o, bool is_current,
		      enum image_require_warm require, int looks, struct registration *r);

#endif
