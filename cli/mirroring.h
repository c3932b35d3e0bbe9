/* mirroring: what is known of a mirror, for `repo list`, `repo fetch`, `why` and doctor. */
#ifndef HORNERO_CLI_MIRRORING_H
#define HORNERO_CLI_MIRRORING_H

#include "cli/cli.h"
#include "state/mirror.h"
#include "store/mirrored.h"

enum { MIRRORING_TEXT = 2048 };

struct mirroring {
	char url[MIRROR_URL_MAX + 1];
	enum mirrored_state state;
	struct mirrored m; /* all zero in MIRRORED_NONE */
};

/* Returns 1, 0 if the repository is no mirror, -1 on error. */
int mirroring_look(const struct conf *c, const char *repo, struct mirroring *out, struct err *e);

/* Writes one or two sentences. */
void mirroring_words(const struct cli *cli, const struct mirroring *g, char buf[MIRRORING_TEXT]);

/* As both, for `hornero why`; "" if the repository is no mirror. */
void mirroring_text(const struct cli *cli, const char *repo, char buf[MIRRORING_TEXT]);

#endif
