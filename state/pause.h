/*
 * pause: a person's wish that nothing of an image, or of the whole node, is built until somebody says otherwise.
 *
 *     struct paused p;
 *     paused_load(&p, conf);
 *     if (paused_why(&p, conf, uuid, false, text)) … text says why nothing of this image starts now …
 *     paused_fini(&p);
 *
 * A file PAUSE_DIR/UUID, or PAUSE_DIR/node, with the name of who wished it. Beside the image files, not in the database, which may
 * be deleted, and not in RUN_DIR, which a start clears: it stands until `hornero resume` takes it away.
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

/* uuid NULL: the whole node. Durable on return. ERR_OPERATOR where the directory is missing (`hornero init` makes it) or not
 * ours to write. */
int pause_begin(const struct conf *c, const char *uuid, const char *who, struct err *e);

/* 1 it was paused, 0 it was not; -1 it stays so. */
int pause_end(const struct conf *c, const char *uuid, struct err *e);

/* Who wished it into who ("somebody" where the file does not say); false, and "": nobody did. */
bool pause_by(const struct conf *c, const char *uuid, char who[PAUSE_WHO]);

/* What is paused at one moment, and what hornerod says of the node. */
struct paused {
	bool node;
	char (*images)[UUID_LEN + 1];
	size_t n;
	char standstill[STANDSTILL_MAX]; /* "": builds go on */
};

/* What cannot be read is not paused. */
void paused_load(struct paused *p, const struct conf *c);
void paused_fini(const struct paused *p);

bool paused_image(const struct paused *p, const char *uuid);

/* Why nothing of the image (NULL: of the node) is built now; is_running: why what is being built stands still. False, and
 * "": it goes on. */
bool paused_why(const struct paused *p, const struct conf *c, const char *uuid, bool is_running, char buf[STANDSTILL_MAX]);

#define own_paused __attribute__((cleanup(paused_fini)))

#endif
