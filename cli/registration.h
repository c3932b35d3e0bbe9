/* registration: what Glance has of an image's current release. */
#ifndef HORNERO_CLI_REGISTRATION_H
#define HORNERO_CLI_REGISTRATION_H

#include "cli/cli.h"
#include "conf/image.h"
#include "store/registration.h"
#include "store/warm.h"

enum { REGISTRATION_TEXT = 900 };

struct registered {
	bool is_wanted; /* the current release is in the outbox */
	enum registration_state state;
	struct registration r; /* unless REGISTRATION_NONE */
};

/* release: the image's current one. Zeroes *out if the image does not ask for a registration. */
int registered_look(const struct conf *c, const struct image *img, const char *release,
		    struct registered *out, struct err *e);

/* Finds the current release, and what Glance has of it. Fills *release and *out unless *state is
 * WARM_NONE: then there is none. */
int registered_look_current(const struct conf *c, const struct image *img, struct warm *w,
			    enum warm_state *state, char release[UUID_LEN + 1],
			    struct registered *out, struct err *e);

/* Writes one sentence, or "" if there is nothing to say. Callers escape it. */
void registered_words(const struct cli *cli, const char *release, const struct registered *g,
		      char buf[REGISTRATION_TEXT]);

/* Writes what Glance has of the stable id (store/stable.h), or "" if it is none. Callers escape
 * it. */
void registered_stable_words(const struct cli *cli, const char *uuid, char buf[REGISTRATION_TEXT]);

/* Looks at Glance's record of it: fills *out, whose is_wanted is false if the UUID is no stable
 * id. */
int registered_look_stable(const struct conf *c, const char *uuid, struct registered *out,
			   struct err *e);

#endif
