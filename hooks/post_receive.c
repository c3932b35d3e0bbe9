/*
 * post_receive: writes a durable job for every image that is built from a pushed ref.
 *
 * The order is: sync the push's directories, insert the rows, ring the doorbell, print the answer.
 * The hook waits at most 200 ms for the queue, or 5 s if the push has options, which only a row can
 * hold. It writes the first row however late it is, and the others within one second, or 5 s. If
 * something is left undone, hornerod looks at the refs itself (lib/bell.h) and the pusher is told
 * so. With `-o wait` the hook then becomes `hornero log -f`.
 *
 * DIAGNOSTICS: printed for the pusher; the exit status is always 0.
 */
#include "hooks/hook.h"

#include "conf/check.h"
#include "conf/keyring.h"
#include "state/pause.h"
#include "state/underway.h"
#include "hooks/durable.h"
#include "hooks/head.h"
#include "hooks/target.h"
#include "hooks/pushopt.h"
#include "hooks/record.h"
#include "hooks/say.h"
#include "hooks/who.h"
#include "hooks/moves.h"
#include "lib/args.h"
#include "lib/bell.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

enum {
	SHORT_OID = 7,
	ALIVE_S = 20, /* only a failed write shows that a pusher is gone */
	SAID_MAX = 5, /* refs without an image, and broken image files, to print */
};

/* hornerod finds pushes that are not in the queue: at once if it hears the bell, else in a
 * sweep. */
static const char *leave(const struct target *p)
{
	return p->conf && bell_look(p->conf->run_dir, p->repo)
		       ? "hornerod looks at this push itself now"
		       : "the next sweep will pick this push up";
}

static void say_left(const struct target *p, const struct err *e)
{
	say("this push was not queued: %s; %s", e->msg, leave(p));
}

/* Only a row holds the options; the refs do not. */
static void say_lost_options(const struct moves *moves, const struct pushopt *o,
			     const struct who *who)
{
	for (size_t i = 0; i < moves->n; i++) {
		const struct move *m = &moves->list[i];

		if (m->done || m->skipped)
			continue;
		if (o->rebuild)
			say("-o rebuild is lost; run: %s rebuild %s%s", who->words, m->img->uuid,
			    who_can(who));
		if (o->clean)
			say("-o clean is lost; run: %s rebuild --clean %s%s", who->words,
			    m->img->uuid, who_can(who));
		if (o->wait)
			say("-o wait is lost; run: %s wait %s%s", who->words, m->img->uuid,
			    who_can(who));
		if (o->priority)
			say("-o priority=%d is lost for %s", o->priority,
			    target_image_name(m->img));
	}
}

/* Does not call bell_look: hornerod would build at once what was to be skipped. Returns false if
 * all skips are recorded. */
static bool say_unskipped(const struct moves *moves, const struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < moves->n; i++)
		if (moves->list[i].skipped && !moves->list[i].done && ++n <= SAID_MAX)
			say("cannot record that %s is skipped: %s; the next sweep builds it unless "
			    "you push again",
			    target_image_name(moves->list[i].img), e->msg);
	return n > 0;
}

static int make_durable(const struct pushed *pushed, struct err *e)
{
	own_free const char **refs = calloc(pushed->n + 1, sizeof(*refs));
	own_fd int repo = fs_open_dir(AT_FDCWD, ".", e);

	if (repo < 0)
		return -1;
	if (!refs)
		return err_set(e, ERR_NOBODY, "out of memory for the names of the refs");
	for (size_t i = 0; i < pushed->n; i++)
		refs[i] = pushed->lines[i].ref;
	return durable_sync(repo, refs, pushed->n, e);
}

static const char *receipt_words(const struct job_receipt *r)
{
	if (r->running)
		return "is running already";
	return r->joined ? "is queued already" : "queued";
}

static void say_queued(const struct move *m, const struct who *who)
{
	const char *name = target_image_name(m->img), *state = receipt_words(&m->receipt);
	long long id = (long long)m->receipt.id;

	if (who->is_mirror)
		say("job %lld %s for %s (%.*s)", id, state, name, SHORT_OID, m->commit);
	else if (who->has_words)
		say("job %lld %s for %s (%.*s); follow it with: %s log -f %lld", id, state, name,
		    SHORT_OID, m->commit, who->words, id);
	else
		say("job %lld %s for %s (%.*s); a push with -o wait shows how it ends", id, state,
		    name, SHORT_OID, m->commit);
	if (m->receipt.superseded)
		say("job %lld superseded by job %lld", (long long)m->receipt.superseded, id);
}

static void say_skipped(const struct move *m, const struct pushopt *o, const struct who *who)
{
	say("%s is not built from %.*s because of -o %s; to build it anyway, run: %s rebuild %s%s",
	    target_image_name(m->img), SHORT_OID, m->commit, o->skip ? "skip" : "image", who->words,
	    m->img->uuid, who_can(who));
	if (m->cancelled)
		say("job %lld cancelled: this push replaces its commit", (long long)m->cancelled);
}

/* Returns true if they administer the repository, or the node if repo is NULL. */
static bool administers(const struct target *p, const struct who *who, const char *repo)
{
	own_keyring struct keyring *ring = NULL;
	struct err ignored = ERR_INIT;
	const struct key_entry *key;

	if (!who->is_key)
		return true;
	if (keyring_load(p->conf->keys_file, NULL, NULL, &ring, &ignored) < 0)
		return false;
	key = keyring_named(ring, who->name);
	return key && key_may(key, KEY_ADMIN, repo);
}

static void say_broken_images(const struct target *p)
{
	struct err ignored = ERR_INIT;
	struct image *list = NULL;
	size_t n = 0, broken = 0;

	if (images_load(p->conf->images_dir, &list, &n, &ignored) < 0)
		return;
	for (size_t k = 0; k < n; k++)
		if (list[k].broken && ++broken <= SAID_MAX)
			say("the image file of %s is broken: %s", list[k].uuid,
			    list[k].problem.msg);
	if (broken > SAID_MAX)
		say("and %zu more image files are broken", broken - SAID_MAX);
	images_free(list, n);
}

/* Returns true if an image can follow ref and ref needs no quoting in a shell. */
static bool may_be_followed(const char *ref)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+@,=-";
	struct err ignored = ERR_INIT;

	return check_ref(ref, &ignored) == 0 && strspn(ref, plain) == strlen(ref);
}

/* Through the door the key's right decides, since the CLI runs as git's user there; on the node the
 * mode of the directory does. */
static void say_image_add(const struct target *p, const struct who *who, const char *ref)
{
	bool may = who->is_key || faccessat(AT_FDCWD, p->conf->images_dir, W_OK, AT_EACCESS) == 0;

	say("to have one built%s: %s image add UUID %s --ref %s%s",
	    administers(p, who, p->repo) ? "" : ", ask somebody whose key has admin to run",
	    who->words, p->repo, ref, may ? who_can(who) : " (ask the operator of the node)");
}

static void say_no_image(const struct target *p, const struct pushed *pushed, const struct who *who)
{
	for (size_t i = 0; i < pushed->n && i < SAID_MAX; i++)
		say("no image is built from %s of %s", pushed->lines[i].ref, p->repo);
	if (pushed->n > SAID_MAX)
		say("nor from %zu more refs of this push", pushed->n - SAID_MAX);
	for (size_t i = 0; i < pushed->n; i++)
		if (!refline_deletes(&pushed->lines[i]) && may_be_followed(pushed->lines[i].ref)) {
			say_image_add(p, who, pushed->lines[i].ref);
			break;
		}
	/* A broken image file does not say which repository it is for: tell only those who see all
	 * of them. */
	if (administers(p, who, NULL))
		say_broken_images(p);
}

static void say_move(const struct move *m, const struct pushopt *o, const struct who *who)
{
	if (m->done && m->skipped)
		say_skipped(m, o, who);
	else if (m->done)
		say_queued(m, who);
}

/* `hornero` says the same later, but the pusher is reading now. */
static void say_paused(const struct conf *c, const struct moves *moves, const struct who *who)
{
	struct floor store = conf_store_floor(c);
	struct floor work = conf_work_floor(c);
	struct floor cache = conf_cache_floor(c);
	struct floor state = conf_state_floor(c);
	own_paused struct paused paused;
	char why[FLOOR_WHY], by[PAUSE_WHO];
	struct standstill standstill;

	if (bell_is_attended(c->run_dir) == 0)
		say("hornerod does not run: nothing is built until it is started");
	paused_load(&paused, c);
	for (size_t i = 0; i < moves->n; i++) {
		const struct move *m = &moves->list[i];

		if (m->done && !m->skipped && pause_by(c, m->img->uuid, by))
			say("%s is not built for now: paused by %s; `%s resume %s` ends that%s",
			    target_image_name(m->img), by, who->words, m->img->uuid, who_can(who));
	}
	if (floor_is_low(&store, why) || floor_is_low(&work, why) || floor_is_low(&cache, why) ||
	    floor_is_low(&state, why))
		say("nothing is built before there is room: %s", why);
	else if (paused_why(&paused, c, NULL, false, &standstill))
		say("nothing is built for now: %s", standstill.text);
}

static void answer(const struct target *p, const struct pushed *pushed, const struct pushopt *o,
		   const struct who *who, struct moves *moves)
{
	struct err e = ERR_INIT;
	int status = moves_enter(p, o, moves, &e);

	if (moves_queued(moves) > 0) {
		failpoint("post-receive-inserted");
		bell_ring(p->conf->run_dir);
	} else if (status < 0) {
		bell_ring(p->conf->run_dir); /* hornerod replaces a damaged queue at once */
	}
	for (size_t i = 0; i < moves->n; i++)
		say_move(&moves->list[i], o, who);
	if (moves_queued(moves) > 0)
		say_paused(p->conf, moves, who);
	if (status < 0 && !say_unskipped(moves, &e)) {
		say_left(p, &e);
		say_lost_options(moves, o, who);
	}
	if (moves->n == 0 && moves->deleted == 0)
		say_no_image(p, pushed, who);
}

/* Runs `hornero log -f` at git's end of the pusher's connection, where git prefixes its output with
 * "remote: ". Nothing is lost if it ends early or never starts: the rows are written and the pusher
 * knows their numbers. */
static void follow(const struct target *p, const struct who *who, const struct moves *moves)
{
	own_args struct args a = ARGS_INIT;
	struct err e = ERR_INIT;

	args_addf(&a, "%s/hornero", p->conf->libexec_dir);
	args_add(&a, "-c");
	args_add(&a, p->conf->path);
	if (who->is_key) {
		args_add(&a, "--key");
		args_add(&a, who->name);
	}
	args_add(&a, "log");
	args_add(&a, "-f");
	args_addf(&a, "--alive=%d", ALIVE_S);
	for (size_t i = 0; i < moves->n; i++)
		if (moves->list[i].done && !moves->list[i].skipped)
			args_addf(&a, "%lld", (long long)moves->list[i].receipt.id);
	signal(SIGPIPE, SIG_DFL);
	if (args_check(&a, &e) == 0) {
		execv(args_list(&a)[0], (char *const *)(uintptr_t)args_list(&a));
		err_sys(&e, ERR_OPERATOR, "cannot run %s", args_list(&a)[0]);
	}
	say("cannot wait: %s", e.msg);
	say_flush();
}

/* Removes the mark: hornerod need not search for this push any more. */
static void end(void)
{
	struct err ignored = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, ".", &ignored);

	if (repo >= 0)
		underway_end(repo);
}

/* The refs have moved: what is missing here is in the record of pre-receive. */
static void record(const struct target *p, const struct pushed *pushed, const struct who *who,
		   const struct moves *moves)
{
	const struct record r = {
		.event = "pushed", .p = p, .pushed = pushed, .who = who, .moves = moves};
	struct err e = ERR_INIT;

	if (record_push(&r, &e) < 0)
		say("the audit log has this push, but not that its refs moved: %s", e.msg);
}

int post_receive(void)
{
	own_pushed struct pushed pushed = {0};
	own_target struct target p = {0};
	struct pushopt o = {.priority = 0};
	struct moves moves = {0};
	struct err e = ERR_INIT;
	struct err durable = ERR_INIT, unread = ERR_INIT, ignored = ERR_INIT;
	struct who who;
	int got = pushed_read(STDIN_FILENO, &pushed, &unread);
	int found = target_find(&p, &e), synced;

	/* On error the key has no name, and so no rights. */
	(void)who_pushes(&who, &ignored);
	failpoint("post-receive-start");
	synced = make_durable(&pushed, &durable);
	if (found < 0)
		say_left(&p, &e);
	else if (got < 0)
		say_left(&p, &unread);
	else if (synced < 0)
		say_left(&p, &durable);
	else if (pushopt_read(&o, &e) < 0 || moves_find(&p, &pushed, &o, &moves, &e) < 0)
		say_left(&p, &e);
	else
		answer(&p, &pushed, &o, &who, &moves);
	if (found == 0 && got == 0)
		record(&p, &pushed, &who, &moves);
	if (found == 0 && head_settle(&p, &pushed))
		say("HEAD of %s named a branch that is not there; it names one that is there now, "
		    "for clones",
		    p.repo);
	if (pushed.passed_over > 0)
		say("some refs of this push were not looked at; %s", leave(&p));
	end();
	say_flush();
	if (o.wait && moves_queued(&moves) > 0)
		follow(&p, &who, &moves);
	free(moves.list);
	return 0;
}
