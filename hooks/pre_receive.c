/*
 * pre_receive: refuses a push whose .hornero.yaml could never be built.
 *
 * Nothing is read or started unless an image is built from a pushed ref. What cannot be looked
 * at is let pass, with words: a push must not fail because of the node.
 *
 * DIAGNOSTICS: said to the pusher: file, line, column, reason.
 */
#include "hooks/hook.h"

#include "conf/repofile.h"
#include "hooks/catfile.h"
#include "hooks/loose.h"
#include "hooks/place.h"
#include "hooks/say.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { SAID_MAX = 20 /* refusals spelled out */ };

/* 0: it can stay as it is; -1: ERR_PUSHER. */
static int judge(const char *path, const struct found *f, struct err *e)
{
	struct repofile parsed;

	switch (f->kind) {
	case FOUND_NOTHING:
		return 0;
	case FOUND_FILE:
		return repofile_parse(path, f->text, f->len, &parsed, e);
	case FOUND_TOO_LARGE:
		return err_set(e, ERR_PUSHER, "%s has %zu bytes; at most %d are allowed", path, f->len, REPOFILE_MAX);
	case FOUND_LINK:
		return err_set(e, ERR_PUSHER, "%s is a symbolic link; it must be a regular file", path);
	case FOUND_DIRECTORY:
		return err_set(e, ERR_PUSHER, "%s is a directory; it must be a regular file", path);
	case FOUND_SUBMODULE:
		return err_set(e, ERR_PUSHER, "%s is a submodule; it must be a regular file", path);
	}
	return 0;
}

/* 0 fine, 1 refused (e says why), -1 could not be looked at (e says why). */
static int check(struct catfile *cf, const struct refline *r, const struct image *img, struct err *e)
{
	own_free char *path = fs_path("%s%s%s", img->subdir, *img->subdir ? "/" : "", REPOFILE_NAME);
	struct found f = {0};
	int refused;

	if (loose_find(r->new, img->subdir, REPOFILE_NAME, REPOFILE_MAX, &f) == 0 &&
	    catfile_read(cf, r->new, img->subdir, REPOFILE_NAME, REPOFILE_MAX, &f, e) < 0)
		return -1;
	refused = judge(path, &f, e) < 0;
	free(f.text);
	return refused;
}

static void say_unchecked(const struct err *e)
{
	say("%s was not checked: %s", REPOFILE_NAME, e->msg);
}

/* How many refusals there are; stops where git cannot be asked. */
static size_t check_all(const struct place *p, const struct pushed *pushed)
{
	own_catfile struct catfile cf = CATFILE_INIT;
	size_t refused = 0;

	for (size_t i = 0; i < pushed->n; i++) {
		const struct refline *r = &pushed->lines[i];

		for (size_t k = 0; k < p->n && !refline_deletes(r); k++) {
			struct err e = ERR_INIT;
			int got = place_builds(p, &p->images[k], r->ref) ? check(&cf, r, &p->images[k], &e) : 0;

			if (got < 0) {
				say_unchecked(&e);
				return refused;
			}
			if (got > 0 && ++refused <= SAID_MAX)
				say("push refused: %s: %s", r->ref, e.msg);
		}
	}
	return refused;
}

int pre_receive(void)
{
	own_pushed struct pushed pushed = {0};
	own_place struct place p = {0};
	struct err e = ERR_INIT;
	size_t refused = 0;

	if (pushed_read(STDIN_FILENO, &pushed, &e) < 0 || place_find(&p, &e) < 0)
		say_unchecked(&e);
	else
		refused = check_all(&p, &pushed);
	if (refused > SAID_MAX)
		say("and %zu more refusals", refused - SAID_MAX);
	if (refused > 0)
		say("nothing of this push was taken; mend the file, commit it and push again");
	say_flush();
	return refused > 0;
}
