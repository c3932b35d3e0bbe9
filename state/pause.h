/*
 * pause: a user's request to build nothing of an image, or nothing on the node, until someone
 * resumes.
 *
 * Written by: hornero (`pause`). Removed by: hornero (`resume`, `image remove`).
 * Read by: hornerod, hornero-hook (post-receive), hornero.
 *
 *     struct paused p;
 *     paused_load(&p, conf);
 *     if (paused_why(&p, conf, uuid, false, &s)) … s.text says why no build of it starts now …
 *     paused_fini(&p);
 *
 * The file is PAUSE_DIR/UUID or PAUSE_DIR/node, and contains the user's name. It lasts until
 * `hornero resume` removes it. So it is not in the database, which may be deleted, nor in RUN_DIR,
 * which a start of hornerod clears.
 */
#ifndef HORNERO_STATE_PAUSE_H
#define HORNERO_STATE_PAUSE_H

#include "conf/conf.h"
#include "lib/err.h"
#include "state/standstill.h"
#include "lib/uuid.h"

#include <stdbool.h>
#include <stddef.h>

enum { PAUSE_WHO = 80 };

/* uuid NULL: the whole node. Durable on success. Returns 0, or -1 with e filled: ERR_OPERATOR if
 * the directory is missing (`hornero init` creates it) or not writable. */
int pause_begin(const struct conf *c, const char *uuid, const char *who, struct err *e);

/* Returns 1 if it was paused, 0 if it was not, -1 with e filled if it is still paused. */
int pause_end(const struct conf *c, const char *uuid, struct err *e);

/* Stores who paused it in who ("somebody" if the file does not say). Returns false and "" if it is
 * not paused. */
bool pause_by(const struct conf *c, const char *uuid, char who[PAUSE_WHO]);

/* A snapshot of what is paused, and of the node's standstill. */
struct paused {
	bool node;
	char (*images)[UUID_LEN + 1];
	size_t n;
	struct standstill standstill;
};

/* An unreadable pause counts as none. */
void paused_load(struct paused *p, const struct conf *c);
void paused_fini(const struct paused *p);

bool paused_image(const struct paused *p, const char *uuid);

/* Stores in *out why nothing of the image (NULL: of the node) is built now; with is_running, why a
 * running build stands still. Returns false and WAITING_NOTHING if builds go on. */
bool paused_why(const struct paused *p, const struct conf *c, const char *uuid, bool is_running,
		struct standstill *out);

#define own_paused __attribute__((cleanup(paused_fini)))

#endif
