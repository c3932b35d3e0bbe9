/* also: what `hornero why` says of an image beside its reason, one sentence each. */
#ifndef HORNERO_CLI_ALSO_H
#define HORNERO_CLI_ALSO_H

#include "cli/facts.h"

typedef void also_tell(void *arg, const char *sentence);

/* A pause that blocks the next push, a lock that refuses it, the mirror, Glance, Placement, the
 * programs of events.d, servers, confirmation, and other nodes. l: of look_at_image, with an image
 * that is not broken. db NULL: the queue cannot be read. */
void also_of_image(const struct look *l, struct db *db, also_tell *tell, void *arg);

/* Of an image that is not bound yet: what Glance has of its record. */
void also_of_unbound(const struct cli *cli, const char *uuid, also_tell *tell, void *arg);

/* The position of an open job, and when it is expected to begin and end. */
void also_expected(const struct look *l, also_tell *tell, void *arg);

/* Says why the programs of events_dir do not get records of the audit log. */
void also_audit(const struct cli *cli, also_tell *tell, void *arg);

/* Processes that hang and block the image (uuid NULL: any image), or the queue. */
void also_stuck(const struct conf *c, const char *uuid, also_tell *tell, void *arg);

#endif
