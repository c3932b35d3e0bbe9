/* build_checkout: sandbox 1, and the lookup of its content in the store.
 * DIAGNOSTICS: the verdict's class is the checkout's exit code. */
#include "agent/build/build.h"

#include "agent/sandboxed/checkout/checkout.h"
#include "agent/common/known.h"
#include "agent/build/sandbox.h"
#include "agent/common/workdir.h"
#include "conf/check.h"
#include "conf/repofile.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/hex.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/release.h"
#include "store/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* State of the checkout until it gets its go. */
struct choice {
	struct build *b;
	int go;      /* write end; closing it means no */
	bool known;
	bool failed; /* the reason is in b->verdict */
};

static int fill_keys(struct build *b, struct err *e)
{
	struct verdict *v = &b->verdict;

	if (key_parts(b->conf, b->builder, &b->parts, e) < 0)
		return -1;
	if (key_binding(b->conf, b->image, v->binding, e) < 0 ||
	    key_source(v->binding, b->builder, &b->words, b->parts.toolchain, b->source, e) < 0)
		return -1;
	if (b->builder->fetch) {
		if (!*b->locks)
			return err_set(e, ERR_US, "the checkout did not report the lock files of "
				       "the builder %s", b->builder->name);
		/* Leftovers of a build with other fetched files are not reused either. */
		if (key_fetched(b->source, b->locks, b->fetched, e) < 0)
			return -1;
		memcpy(b->source, b->fetched, sizeof(b->source));
	}
	if (key_content(b->conf, b->builder, v->made.tree, b->attributes, build_inside(b),
			b->parts.toolchain, b->fetched, &b->boot, v->made.key, e) < 0)
		return -1;
	return key_inputs(b->image, b->builder, b->parts.toolchain, v->made.inputs, e);
}

/* Returns 1 if the store has the content, 0 if it must be built, -1 on error. A forced build is
 * compared with a clean one: if a clean build has answered already, it starts clean as well,
 * because leftovers could only spoil it. */
static int look_up(struct build *b, struct err *e)
{
	const struct answer_who who = {b->verdict.made.image, b->verdict.binding};
	struct answer found = {0};
	struct manifest m;
	int rc;

	if (b->clean)
		return 0;
	rc = b->force ? answer_find_clean(b->conf->store_dir, &who, b->verdict.made.key, &found, e)
		      : answer_find(b->conf->store_dir, &who, b->verdict.made.key, &found, e);
	if (rc == 0 && e->sys == ESTALE)
		stage_note(&b->log, "%s", e->msg);
	if (rc <= 0 || b->force) {
		b->clean = rc == 1;
		return rc < 0 ? -1 : 0;
	}
	memcpy(b->verdict.made.digest, found.digest, sizeof(b->verdict.made.digest));
	memcpy(b->verdict.built, found.built, sizeof(b->verdict.built));
	if (store_manifest(b->conf->store_dir, b->verdict.made.digest, &m, e) == 0)
		b->verdict.size_bytes = m.size_bytes;
	return 1;
}

static int moved_on(struct build *b)
{
	return verdict_end(&b->verdict, CAUSE_MOVED, "nothing to confirm: the warm artifact is no "
			   "longer what %s builds", b->image->ref);
}

/* As look_up, for a confirmation: the warm artifact must come from this key. Skips the build if a
 * clean answer exists. */
static int look_up_confirmation(struct build *b)
{
	struct verdict *v = &b->verdict;
	const struct answer_who who = {v->made.image, v->binding};
	struct answer warm_one, found;
	struct err e = ERR_INIT;
	struct warm w;
	int rc;

	if (release_newest(b->conf->store_dir, v->made.image, &w, &e) < 0)
		return verdict_say(v, e.class, CAUSE_STORE, "%s", e.msg);
	if (!*w.made.digest || *w.made.pinned || strcmp(w.made.key, v->made.key) != 0)
		return moved_on(b);
	answer_describe(b->conf->store_dir, v->made.image, v->made.key, w.made.digest, &warm_one);
	memcpy(v->confirms, w.made.digest, sizeof(v->confirms));
	v->confirms_job = warm_one.job ? warm_one.job : w.made.job;
	rc = answer_find_clean(b->conf->store_dir, &who, v->made.key, &found, &e);
	if (rc <= 0)
		return rc < 0 ? verdict_say(v, e.class, CAUSE_STORE, "%s", e.msg) : 0;
	memcpy(v->made.digest, found.digest, sizeof(v->made.digest));
	memcpy(v->built, found.built, sizeof(v->built));
	return build_answer(b, v->made.digest, &e) < 0
		       ? verdict_say(v, e.class, CAUSE_STORE, "%s", e.msg)
		       : 1;
}

/* The image file overrides .hornero.yaml, key by key. */
static void begin_boot(struct build *b)
{
	key_boot_of(b->image, &b->boot);
	if (!b->boot.timeout_s)
		b->boot.timeout_s = EXPECT_TIMEOUT_DEFAULT_S;
}

/* The text is the repository's: check its characters here, and leave its meaning to
 * hornero-boot. */
static void take_expect(struct build *b, const char *text)
{
	size_t len = strlen(text);

	if (b->image->expect || len > EXPECT_MAX)
		return;
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return;
	memcpy(b->boot.expect, text, len + 1);
}

static void take_timeout(struct build *b, const char *text)
{
	int64_t s = strspn(text, "0123456789") == strlen(text) ? strtoll(text, NULL, 10) : 0;

	if (!b->image->timeout_s && s > 0 && s <= EXPECT_TIMEOUT_MAX_S)
		b->boot.timeout_s = s;
}

/* pre-receive checks this, too, with line and column; but it lets a push pass that it cannot
 * check, and the operator may have changed the builder file since. */
static int check_words(struct build *b)
{
	const char *refused = repowords_refused(&b->words, b->builder->allow);
	char shown[CHECK_SHOWN];

	if (b->words_bad)
		return verdict_say(&b->verdict, ERR_US, CAUSE_CHECKOUT, "the checkout reported a "
				   "setting of %s that it must refuse", REPOFILE_NAME);
	if (!refused)
		return 0;
	return verdict_say(&b->verdict, ERR_PUSHER, CAUSE_CHECKOUT, "%s: the builder %s does not "
			   "allow the setting %s; take it out, or ask the operator of the node for "
			   "it (`allow` in the builder file)", REPOFILE_NAME, b->builder->name,
			   check_show(refused, shown));
}

static void take_bus(struct build *b)
{
	const char *repos = build_repo_says(b, "boot_bus");

	if (*repos && !b->image->boot_bus)
		snprintf(b->boot.bus, sizeof(b->boot.bus), "%s", repos);
}

/* The pusher cannot mend a broken builder file: the job is held for the operator. */
static int lacks_builder(struct build *b)
{
	const struct builders *all = b->builders;
	struct verdict *v = &b->verdict;

	for (size_t i = 0; i < all->nbroken; i++)
		if (strcmp(all->broken_names[i], v->made.builder) == 0)
			return verdict_say(v, ERR_OPERATOR, CAUSE_CONFIGURATION,
					   "the builder %s cannot be used: %s", v->made.builder,
					   all->broken[i].msg);
	return verdict_say(v, ERR_PUSHER, CAUSE_CHECKOUT, "this node has no builder \"%s\"; "
			   "correct `builder` in .hornero.yaml or in the image file",
			   v->made.builder);
}

/* Looks the content up once the checkout has named the builder. Returns as look_up. */
static int find_content(struct build *b)
{
	struct verdict *v = &b->verdict;
	struct err e = ERR_INIT;
	int found = -1;

	b->builder = builder_find(b->builders, v->made.builder);
	if (!b->builder)
		return lacks_builder(b);
	if (check_words(b) < 0)
		return -1;
	take_bus(b);
	if (fill_keys(b, &e) < 0) /* a version command fails if its program is missing */
		return build_needs(b) < 0 ? -1
					  : verdict_say(v, e.class, CAUSE_CONFIGURATION, "%s",
							e.msg);
	if (b->confirm)
		return look_up_confirmation(b);
	found = look_up(b, &e);
	return found < 0 ? verdict_say(v, e.class, CAUSE_CONFIGURATION, "%s", e.msg) : found;
}

/* Tells the checkout to write, on top of what exists ('g') or clean ('c'). Removes the note of the
 * source first: after a crash, the next build starts clean. */
static int say_go(struct choice *ch)
{
	struct build *b = ch->b;
	struct err e = ERR_INIT;

	b->from_clean = b->clean || !workdir_is_of(b->work, b->source);
	if (!b->from_clean && build_artifact_clear(b) < 0)
		return -1;
	if (b->from_clean && workdir_note_source(b->work, NULL, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_CHECKOUT, "%s", e.msg);
	(void)fs_write_all(ch->go, b->from_clean ? "c" : "g", 1);
	return 0;
}

/* Records that checkout and cache belong to this source from now on. */
static int note_source(struct build *b)
{
	struct err e = ERR_INIT;

	snprintf(b->verdict.built, sizeof(b->verdict.built), "%s",
		 b->from_clean ? ANSWER_CLEAN : ANSWER_INCREMENTAL);
	failpoint("build-checked-out");
	if (b->from_clean && workdir_note_source(b->work, b->source, &e) < 0)
		return verdict_say(&b->verdict, e.class, CAUSE_CHECKOUT, "%s", e.msg);
	return 0;
}

/* Called when commit, tree and builder are known. */
static void decide(struct choice *ch)
{
	struct build *b = ch->b;
	int found = known_pin(b->conf, b->image, &b->verdict);

	if (found == 1)
		stage_note(&b->log, "the image is pinned to release %s, while %s is at %.12s",
			   b->verdict.made.pinned, b->image->ref, b->verdict.made.commit);
	if (found == 1 && b->confirm)
		found = moved_on(b);
	if (found == 0)
		found = find_content(b);
	ch->failed = found < 0;
	ch->known = found == 1;
	if (found == 0 && say_go(ch) < 0)
		ch->failed = true;
	close(steal_fd(&ch->go));
}

static void on_line(void *arg, const char *line)
{
	struct choice *ch = arg;
	struct verdict *v = &ch->b->verdict;
	struct err e = ERR_INIT;
	int taken;

	/* The checkout itself decided to start clean: a changed Makefile, a removed file. */
	if (strcmp(line, "source clean") == 0)
		ch->b->from_clean = true;
	if (ch->go < 0)
		return;
	if (strncmp(line, "commit ", 7) == 0 && hex_is_oid(line + 7)) {
		snprintf(v->made.commit, sizeof(v->made.commit), "%s", line + 7);
	} else if (strncmp(line, "tree ", 5) == 0 && hex_is_oid(line + 5)) {
		snprintf(v->made.tree, sizeof(v->made.tree), "%s", line + 5);
	} else if (strncmp(line, "attributes ", 11) == 0 && hex_is_oid(line + 11)) {
		snprintf(ch->b->attributes, sizeof(ch->b->attributes), "%s", line + 11);
	} else if (strncmp(line, "locks ", 6) == 0 && hex_is_oid(line + 6)) {
		snprintf(ch->b->locks, sizeof(ch->b->locks), "%s", line + 6);
	} else if (strncmp(line, "expect ", 7) == 0) {
		take_expect(ch->b, line + 7);
	} else if (strncmp(line, "timeout ", 8) == 0) {
		take_timeout(ch->b, line + 8);
	} else if ((taken = repowords_take(&ch->b->words, line, &e)) != 0) {
		ch->b->words_bad = ch->b->words_bad || taken < 0;
	} else if (strncmp(line, "builder ", 8) == 0 && v->made.commit[0] && v->made.tree[0]) {
		snprintf(v->made.builder, sizeof(v->made.builder), "%s", line + 8);
		decide(ch);
	}
}

static void add_pairs(struct args *a, const char *option, const char *builder, char *const *values)
{
	for (; values && *values; values++) {
		args_add(a, option);
		args_addf(a, "%s=%s", builder, *values);
	}
}

static void add_words(struct build *b, struct args *a, const char *repo)
{
	const struct conf *c = b->conf;
	own_free char *program = fs_path("%s/hornero-checkout", c->libexec_dir);

	sandbox_begin_own(a, STAGE_FD_SANDBOX, STAGE_FD_FILTERS);
	sandbox_bind(a, "--ro-bind", program, "/hornero-checkout");
	sandbox_bind(a, "--ro-bind", repo, CHECKOUT_REPO);
	sandbox_bind(a, "--bind", b->work_path, "/work");
	sandbox_env(a, "HOME", "/work");
	sandbox_command(a);
	args_add(a, "/hornero-checkout");
	sandbox_failpoint(a, c->failpoint);
	args_add(a, "--repo");
	args_add(a, CHECKOUT_REPO);
	args_add(a, "--ref");
	args_add(a, b->image->ref);
	args_add(a, "--subdir");
	args_add(a, b->image->subdir);
	args_add(a, "--work");
	args_add(a, "/work");
	args_add(a, "--on-missing");
	args_add(a, conf_missing_words[c->on_missing]);
	for (size_t i = 0; i < b->builders->n; i++) {
		const struct builder *one = &b->builders->list[i];

		add_pairs(a, "--clean-when", one->name, one->clean_when);
		add_pairs(a, "--fetch-lock", one->name, one->fetch_locks);
	}
	if (b->image->builder) {
		args_add(a, "--builder");
		args_add(a, b->image->builder);
		return;
	}
	for (size_t i = 0; i < b->builders->n; i++) {
		const struct builder *one = &b->builders->list[i];

		add_pairs(a, "--detect", one->name, one->detect);
		add_pairs(a, "--instead-of", one->name, one->instead_of);
	}
}

/* Replaces the repository's path in the sandbox by the real one. */
static void name_repo(char *text, size_t size, const char *repo)
{
	own_free char *from = fs_path("%s", text);
	size_t len = 0;

	for (const char *at = from, *next; *at && len < size; at = next) {
		next = strstr(at, CHECKOUT_REPO);
		len += (size_t)snprintf(text + len, size - len, "%.*s%s",
					(int)(next ? next - at : (ptrdiff_t)strlen(at)), at,
					next ? repo : "");
		next = next ? next + strlen(CHECKOUT_REPO) : at + strlen(at);
	}
}

/* While a checkout reads a repository, nothing packs it: gc-repositories takes the exclusive lock
 * for a moment, to look. Without the lock the checkout is right, too. */
static int mark_reading(const char *repo)
{
	enum { LOOK_MS = 1000 };
	own_fd int fd = open(repo, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err ignored = ERR_INIT;

	if (fd < 0 || fs_flock_shared(fd, LOOK_MS, &ignored) != 1)
		return -1;
	return steal_fd(&fd);
}

int build_checkout(struct build *b)
{
	own_free char *repo = fs_path("%s/%s.git", b->conf->repo_root, b->image->repo);
	struct choice ch = {.b = b, .go = -1};
	own_fd int their_go = -1, reading = -1;
	own_stage struct stage s = {.log = NULL};
	struct err e = ERR_INIT;
	struct stat st;
	int pair[2];

	if (stat(repo, &st) < 0)
		return verdict_say(&b->verdict, ERR_OPERATOR, CAUSE_CHECKOUT,
				   "there is no repository %s; create it: hornero repo create %s",
				   repo, b->image->repo);
	reading = mark_reading(repo);
	begin_boot(b);
	b->words = (struct repowords){.len = 0};
	b->words_bad = false;
	b->attributes[0] = b->locks[0] = b->fetched[0] = '\0';
	build_stage(b, &s);
	s.speaks = s.own_words = true;
	add_words(b, &s.args, repo);
	/* Repositories are readable by their group only; the unprivileged build user has none. */
	if (s.set_ids)
		s.gid = st.st_gid;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return verdict_say(&b->verdict, ERR_NOBODY, CAUSE_CHECKOUT, "cannot make a pipe");
	their_go = pair[0];
	ch.go = pair[1];
	s.fds[s.nfds++] = (struct spawn_fd){their_go, STAGE_FD_GO};
	s.on_line = on_line;
	s.arg = &ch;
	if (stage_run(&s, &e) < 0) {
		own_fd_end(&ch.go);
		return verdict_say(&b->verdict, e.class, CAUSE_SANDBOX, "%s", e.msg);
	}
	name_repo(s.text, sizeof(s.text), repo);
	b->verdict.checkout_ms += s.took_ms;
	own_fd_end(&ch.go);
	if (ch.failed)
		return -1;
	if (s.ended != STAGE_EXIT || s.status != 0)
		return build_blame(b, &s, CAUSE_CHECKOUT, "the checkout");
	if (!ch.known && !b->builder)
		return verdict_say(&b->verdict, ERR_US, CAUSE_CHECKOUT,
				   "the checkout ended without naming commit, tree and builder");
	return ch.known ? 1 : note_source(b);
}
