/*
 * pre_receive: refuses refs that the pusher's key may not write, symbolic refs, what is not signed
 * and must be, and pushes that can never be built: their .hornero.yaml is wrong, or their tag leads
 * to no commit.
 *
 * Without a key and without an image that is built from a pushed ref, it reads and starts nothing.
 * If it cannot check a file, it says so and accepts the push: a push must not fail because of the
 * node. If it cannot check a right, it refuses.
 *
 * DIAGNOSTICS: printed for the pusher: the ref, or file, line and column, and the reason.
 */
#include "hooks/hook.h"

#include "conf/keyring.h"
#include "state/mirror.h"
#include "state/relics.h"
#include "conf/repofile.h"
#include "state/underway.h"
#include "hooks/allowing.h"
#include "hooks/catfile.h"
#include "hooks/head.h"
#include "hooks/loose.h"
#include "hooks/missing.h"
#include "hooks/peel.h"
#include "hooks/target.h"
#include "hooks/pushopt.h"
#include "hooks/record.h"
#include "hooks/say.h"
#include "hooks/signed.h"
#include "hooks/symref.h"
#include "hooks/who.h"
#include "lib/bell.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { SAID_MAX = 20 /* refusals to print */ };

/* Returns 0 if the file is fine, -1 (ERR_PUSHER) if not. */
static int judge(const char *path, const struct found *f, struct repofile *parsed, struct err *e)
{
	switch (f->kind) {
	case FOUND_NOTHING:
		return 0;
	case FOUND_FILE:
		return repofile_parse(path, f->text, f->len, parsed, e);
	case FOUND_TOO_LARGE:
		return err_set(e, ERR_PUSHER, "%s has %zu bytes; at most %d are allowed", path,
			       f->len, REPOFILE_MAX);
	case FOUND_LINK:
		return err_set(e, ERR_PUSHER, "%s is a symbolic link; it must be a regular file",
			       path);
	case FOUND_DIRECTORY:
		return err_set(e, ERR_PUSHER, "%s is a directory; it must be a regular file", path);
	case FOUND_SUBMODULE:
		return err_set(e, ERR_PUSHER, "%s is a submodule; it must be a regular file", path);
	}
	return 0;
}

static const char *way_out(const struct err *e)
{
	return e->class == ERR_OPERATOR
		       ? "; `git fsck` in that repository of the node says which objects are "
			 "missing or damaged: its operator restores them from a backup"
		       : "";
}

/* Returns 1 if refused (e says why), 0 if not. */
static int check_missing(struct catfile *cf, const struct target *p, const char *ref,
			 const struct missing_of *of, struct err *e)
{
	int got = missing_check(cf, p->conf, of, e);

	if (got >= 0)
		return got;
	say("cannot check %s of %s for missing files: %s%s", ref, p->repo, e->msg, way_out(e));
	return 0;
}

/* Returns 0 if fine, 1 if refused, -1 if it cannot be checked. e holds the reason for 1 and -1. */
static int check(struct catfile *cf, const struct target *p, const struct refline *r,
		 const struct image *img, bool skipped, struct err *e)
{
	own_free char *path =
		fs_path("%s%s%s", img->subdir, *img->subdir ? "/" : "", REPOFILE_NAME);
	struct repofile parsed = {.timeout_s = 0};
	struct found f = {0};
	char commit[65];
	const struct allowing a = {p->conf->builders_dir, img, commit, path, &f, &parsed};
	int refused = peel_commit(cf, r, commit, e);

	if (refused != 0)
		return refused;
	if (loose_find(commit, img->subdir, REPOFILE_NAME, REPOFILE_MAX, &f) == 0 &&
	    catfile_read(cf, commit, img->subdir, REPOFILE_NAME, REPOFILE_MAX, &f, e) < 0)
		return -1;
	refused = judge(path, &f, &parsed, e) < 0;
	if (!refused)
		refused = allowing_check(cf, &a, e);
	free(f.text);
	if (refused != 0)
		return refused;
	return check_missing(cf, p, r->ref,
			     &(struct missing_of){r->old, commit, img->subdir, skipped}, e);
}

static void say_unchecked(const struct target *p, const char *ref, const struct err *e)
{
	say("%s at %s of %s was not checked: %s%s", REPOFILE_NAME, ref, p->repo, e->msg,
	    way_out(e));
}

/* Returns true if an earlier image has the same directory and builder of the same ref and is built
 * or skipped alike: report each problem once. */
static bool was_checked(const struct target *p, const struct refline *r, const struct pushopt *o,
			size_t k)
{
	const struct image *img = &p->images[k];

	for (size_t i = 0; i < k; i++)
		if (target_builds(p, &p->images[i], r->ref) &&
		    strcmp(p->images[i].subdir, img->subdir) == 0 &&
		    strcmp(p->images[i].builder ? p->images[i].builder : "",
			   img->builder ? img->builder : "") == 0 &&
		    pushopt_skips(o, p->images[i].uuid) == pushopt_skips(o, img->uuid))
			return true;
	return false;
}

/* Returns the number of refusals. Stops if git cannot answer. */
static size_t check_all(const struct target *p, const struct pushed *pushed,
			const struct pushopt *o)
{
	own_catfile struct catfile cf = CATFILE_INIT;
	size_t refused = 0;

	for (size_t i = 0; i < pushed->n; i++) {
		const struct refline *r = &pushed->lines[i];

		for (size_t k = 0; k < p->n && !refline_deletes(r); k++) {
			struct err e = ERR_INIT;
			const struct image *img = &p->images[k];
			bool skipped = pushopt_skips(o, img->uuid);
			bool asked = target_builds(p, img, r->ref) && !was_checked(p, r, o, k);
			int got = asked ? check(&cf, p, r, img, skipped, &e) : 0;

			if (got < 0) {
				say_unchecked(p, r->ref, &e);
				return refused;
			}
			if (got > 0 && ++refused <= SAID_MAX)
				say("push refused: %s: %s", r->ref, e.msg);
		}
	}
	return refused;
}

static void say_more(size_t refused)
{
	if (refused > SAID_MAX)
		say("and %zu more refusals", refused - SAID_MAX);
}

static size_t check_files(const struct target *p, const struct pushed *pushed,
			  const struct pushopt *o)
{
	size_t refused = check_all(p, pushed, o);

	say_more(refused);
	if (refused > 0)
		say("nothing of this push was taken; mend that and push again");
	return refused;
}

static int find_key(const struct target *p, const struct pushed *pushed, const struct who *who,
		    struct keyring **ring, const struct key_entry **key, struct err *e)
{
	if (pushed->passed_over > 0)
		return err_set(e, ERR_PUSHER,
			       "some of its ref names are malformed or beyond %d bytes",
			       REFLINE_INPUT_MAX);
	if (keyring_load(p->conf->keys_file, NULL, NULL, ring, e) < 0)
		return -1;
	*key = keyring_named(*ring, who->name);
	if (!*key)
		return err_set(e, ERR_PUSHER,
			       "no key is named %s any more; ask the operator of the node",
			       who->name);
	return 0;
}

/* Otherwise a pusher with a positive priority on every push could keep others from ever being
 * built. */
static bool is_hurried(const struct target *p, const struct pushopt *o, const struct key_entry *key,
		       const struct who *who)
{
	if (o->priority <= 0 || key_may(key, KEY_ADMIN, p->repo))
		return false;
	say("push refused: push option priority=%d: a positive priority needs the right admin of "
	    "%s, which the key %s lacks",
	    o->priority, p->repo, who->name);
	return true;
}

/* Returns how many refs the key may not write. One is enough: git refuses the whole push then. */
static size_t check_rights(const struct target *p, const struct pushed *pushed,
			   const struct pushopt *o, const struct who *who)
{
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *key = NULL;
	struct err e = ERR_INIT;
	size_t refused = 0;

	if (find_key(p, pushed, who, &ring, &key, &e) < 0) {
		say("push refused: %s", e.msg);
		return 1;
	}
	for (size_t i = 0; i < pushed->n; i++)
		if (!key_may_push(key, p->repo, pushed->lines[i].ref) && ++refused <= SAID_MAX)
			say("push refused: %s: the key %s may not write it in %s",
			    pushed->lines[i].ref, who->name, p->repo);
	say_more(refused);
	if (refused > 0)
		say("nothing of this push was taken; what %s may write: %s", who->name,
		    key->patterns[KEY_WRITE] ? key->patterns[KEY_WRITE]
					     : "ask the operator of the node");
	return refused + is_hurried(p, o, key, who);
}

/* The image of -o image= must be one that this push would build. */
static int check_chosen(const struct target *p, const struct pushed *pushed,
			const struct pushopt *o, struct err *e)
{
	for (size_t k = 0; k < p->n; k++)
		for (size_t i = 0; i < pushed->n; i++)
			if (strcmp(p->images[k].uuid, o->image) == 0 &&
			    target_builds(p, &p->images[k], pushed->lines[i].ref))
				return 0;
	return err_set(e, ERR_PUSHER,
		       "push option image=%s: no image of that id is built from a ref of this push",
		       o->image);
}

static size_t check_options(const struct target *p, const struct pushed *pushed, struct pushopt *o)
{
	struct err e = ERR_INIT;

	if (pushopt_read(o, &e) == 0 && (!*o->image || check_chosen(p, pushed, o, &e) == 0))
		return 0;
	say("push refused: %s", e.msg);
	return 1;
}

/* git locks the refs after this hook. So remove locks of dead pushes and record that this push is
 * running. */
static size_t enter(const struct target *p, const struct pushed *pushed)
{
	own_free const char **refs = calloc(pushed->n + 1, sizeof(*refs));
	struct err e = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, ".", &e);
	size_t removed;

	for (size_t i = 0; refs && i < pushed->n; i++)
		refs[i] = pushed->lines[i].ref;
	if (repo >= 0 && refs) {
		removed = relics_remove(repo, refs, pushed->n);
		/* The dead push never finished its post-receive, so its refs may have no row. */
		if (relics_bury(repo) > 0 && p->conf)
			bell_look(p->conf->run_dir, p->repo);
		if (removed > 0)
			say("removed %zu leftover file%s of a dead push", removed,
			    removed == 1 ? "" : "s");
		if (underway_note(repo, &e) == 0)
			return 0;
	} else if (!refs) {
		err_set(&e, ERR_NOBODY, "out of memory for the names of the refs");
	}
	say("push refused: %s; push again", e.msg);
	return 1;
}

/* The next fetch would take such a push back. */
static size_t check_mirror(const struct target *p, const struct who *who)
{
	char url[MIRROR_URL_MAX + 1];

	if (who->is_mirror || !mirror_url(p->conf, p->repo, url))
		return 0;
	say("push refused: %s follows %s; push there, or have an operator of the node run: hornero "
	    "repo mirror %s --off",
	    p->repo, url, p->repo);
	return 1;
}

static size_t check_symbolic(const struct pushed *pushed)
{
	char target[SYMREF_MAX];
	size_t refused = 0;

	for (size_t i = 0; i < pushed->n; i++)
		if (symref_target(pushed->lines[i].ref, target) && ++refused <= SAID_MAX)
			say("push refused: %s leads to %s: push to that ref, or have an operator "
			    "of the node remove the symbolic ref",
			    pushed->lines[i].ref, target);
	say_more(refused);
	return refused;
}

/* Without a record nothing may move. A refusal stands even if it cannot be recorded. */
static size_t record(const struct target *p, const struct pushed *pushed, const struct who *who,
		     const char *signer, bool is_refused)
{
	struct record r = {.event = is_refused ? "push-refused" : "push",
			   .p = p,
			   .pushed = pushed,
			   .who = who,
			   .signer = *signer ? signer : NULL,
			   .reason = is_refused ? say_refusal() : NULL};
	struct err e = ERR_INIT;

	if (record_push(&r, &e) == 0 || is_refused)
		return 0;
	say("push refused: it cannot be recorded: %s; ask the operator of the node, then push "
	    "again",
	    e.msg);
	return 1;
}

int pre_receive(void)
{
	own_pushed struct pushed pushed = {0};
	own_target struct target p = {0};
	struct pushopt o = {.priority = 0};
	struct err e = ERR_INIT;
	struct who who;
	char signer[SIGNER_MAX] = "";
	size_t refused = 0;
	bool known = who_pushes(&who, &e) == 0;

	if (!known || pushed_read(STDIN_FILENO, &pushed, &e) < 0 || target_find(&p, &e) < 0) {
		refused = who.is_key || who.is_mirror;
		if (refused)
			say("push refused: %s", e.msg);
		else
			say("%s was not checked: %s", REPOFILE_NAME, e.msg);
	} else {
		if (p.broken.class != ERR_NONE)
			say("warning for the operator: %s", p.broken.msg);
		refused = check_mirror(&p, &who) + check_options(&p, &pushed, &o) +
			  check_symbolic(&pushed) +
			  (who.is_key ? check_rights(&p, &pushed, &o, &who) : 0);
		if (refused == 0)
			refused = signed_check(&p, &pushed, &who, signer);
		if (refused == 0)
			refused = check_files(&p, &pushed, &o);
		refused += record(&p, &pushed, &who, signer, refused > 0);
	}
	if (refused == 0)
		refused = enter(&p, &pushed);
	if (refused == 0 && p.repo && head_leave(&p, &pushed))
		say("HEAD of %s named a branch that this push deletes; it names one that an image "
		    "follows now",
		    p.repo);
	say_flush();
	return refused > 0;
}
