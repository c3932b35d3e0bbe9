/* rollout: what became of the servers of an image with on_warm: rebuild. */
#ifndef HORNERO_CLI_ROLLOUT_H
#define HORNERO_CLI_ROLLOUT_H

#include "cli/cli.h"
#include "conf/image.h"
#include "store/rollout.h"
#include "store/warm.h"

enum { ROLLOUT_TEXT = 900 };

struct rolled {
	bool is_wanted; /* the image asks for it, and something was published */
	bool is_unregistered; /* …but its releases are not to be registered */
	enum rollout_state state; /* of the last publication */
	struct rollout r;         /* unless ROLLOUT_NONE */
};

int rolled_look(const struct conf *c, const struct image *img, struct rolled *out, struct err *e);

/* Writes one sentence, or "" if there is nothing to say. Callers escape it. */
void rolled_words(const struct cli *cli, const struct rolled *g, char buf[ROLLOUT_TEXT]);

#endif
