/* hornero-sweep: compares refs and image files with what is warm, and queues the difference.
 *
 * DIAGNOSTICS: an image that cannot be checked is reported and passed over; the exit code is then
 * the class of the last such error. An unusable queue ends the sweep. */
#include "agent/common/confirm.h"
#include "agent/common/contentkey.h"
#include "agent/common/outgoing.h"
#include "agent/common/pin_leave.h"
#include "agent/common/queuelocation.h"
#include "agent/upkeep/sweep/refs.h"
#include "agent/upkeep/sweep/registrations.h"
#include "agent/upkeep/sweep/rollouts.h"
#include "agent/upkeep/sweep/stableids.h"
#include "agent/common/toolchain.h"
#include "agent/upkeep/sweep/decision.h"
#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/good.h"
#include "conf/image.h"
#include "conf/tool.h"
#include "state/relics.h"
#include "state/skip.h"
#include "db/job.h"
#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "store/kept.h"
#include "store/placed.h"
#include "store/verify.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

enum { DB_WAIT_MS = 10000, REPOS_MAX = 256, LOOKS_MAX = 5 };

struct sweep {
	const struct conf *conf;
	struct builders *builders;
	char (*toolchains)[SHA256_HEX + 1]; /* per builder; "" if not asked yet */
	struct db *db;
	json_t *report;
	bool quiet, json;
	const char **repos; /* only these; if none, all */
	size_t nrepos;
	enum err_class queue;     /* class of the last error of the queue */
	int queued;
	enum err_class worst;
};

static void say(struct sweep *s, const struct image *img, const char *what, const char *detail)
{
	json_t *row;

	if (s->json) {
		row = json_pack("{s:s, s:s, s:s, s:s}", "image", img->uuid, "name",
				img->name ? img->name : "", "found", what, "detail", detail);
		if (row)
			json_array_append_new(s->report, row);
	} else if (!s->quiet) {
		printf("%s  %-10s  %s\n", img->uuid, what, detail);
	}
}

/* Digest of the builder's toolchain; asks each builder once per sweep. */
static int toolchain_of(struct sweep *s, const struct builder *b, const char **out, struct err *e)
{
	char *slot = s->toolchains[b - s->builders->list];

	if (!slot[0] && key_toolchain(s->conf, b, slot, e) < 0) {
		slot[0] = '\0';
		return -1;
	}
	*out = slot;
	return 0;
}

/* out is "" if neither the image file nor the last build names the builder: the checkout will
 * choose it. */
static int inputs_of(struct sweep *s, const struct image *img, const char *tip,
		     const char *last_builder, char out[SHA256_HEX + 1], struct err *e)
{
	const char *pinned = image_pin_at(img, tip);
	const char *name = img->builder ? img->builder : last_builder;
	const struct builder *b = name && *name ? builder_find(s->builders, name) : NULL;
	const char *toolchain = NULL;

	out[0] = '\0';
	if (pinned)
		return key_pinned(pinned, out, e);
	if (!b)
		return 0;
	if (toolchain_of(s, b, &toolchain, e) < 0)
		return -1;
	return key_inputs(img, b, toolchain, out, e);
}

static int64_t written_ms(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0
		       ? (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000
		       : 0;
}

static int64_t changed_ms(const struct sweep *s, const struct image *img, const char *last_builder)
{
	const char *builder = img->builder ? img->builder : last_builder ? last_builder : "";
	own_free char *image_file = fs_path("%s/%s.yaml", s->conf->images_dir, img->uuid);
	own_free char *builder_file = fs_path("%s/%s.yaml", s->conf->builders_dir, builder);
	const char *const files[] = {image_file, builder_file, s->conf->builders_dir};
	int64_t newest_ms = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int64_t ms = steady_present_of_wall_ms(db_clock(s->db), written_ms(files[i]));

		newest_ms = ms > newest_ms ? ms : newest_ms;
	}
	return newest_ms;
}

static int lack_queue(struct sweep *s, const struct err *e)
{
	s->queue = e->class;
	return -1;
}

/* A queued job would build the skipped commit: the hook recorded the skip but could not cancel the
 * job. */
static int cancel_skipped(struct sweep *s, const struct image *img, const struct job *newest,
			  struct err *e)
{
	int done;

	if (!newest || newest->state != JOB_QUEUED)
		return 0;
	done = job_cancel(s->db, newest->id, "-o skip", e);
	if (done < 0)
		return lack_queue(s, e);
	if (done > 0)
		log_info("event=cancelled image=%s job=%lld by=\"-o skip\"", img->uuid,
			 (long long)newest->id);
	return 0;
}

/* Returns 1, and queues nothing, if another job of the image came since we looked. */
static int queue(struct sweep *s, const struct image *img, const struct decision_facts *f,
		 const char *why, struct err *e)
{
	const char *tip = f->tip;
	int64_t newest = f->newest ? f->newest->id : 0;
	struct job_wish w = {.image = img->uuid,
			     .repo = img->repo,
			     .ref = img->ref,
			     .commit = tip,
			     .origin = "sweep",
			     .inputs = f->inputs,
			     .is_lost_push = s->nrepos > 0,
			     .newest = &newest};
	struct job_receipt r;
	char text[128];

	failpoint("sweep-before-enqueue");
	if (job_enqueue(s->db, &w, &r, e) < 0)
		return lack_queue(s, e);
	if (r.overtaken)
		return 1;
	s->queued++;
	snprintf(text, sizeof(text), "%s: job %lld (%.7s)", why, (long long)r.id, tip);
	say(s, img, "queued", text);
	log_info("event=swept image=%s job=%lld commit=%s why=\"%s\"", img->uuid, (long long)r.id,
		 tip, why);
	return 0;
}

static const char *why_build(const struct decision_facts *f)
{
	if (f->state == WARM_NONE)
		return "it was never published";
	if (strcmp(f->warm->made.commit, f->tip) != 0)
		return "its ref has moved";
	if (f->is_refused)
		return "its artifact in the store was changed";
	return "its image file, builder or toolchain has changed";
}

static const char *why_publish(const struct decision_facts *f)
{
	if (f->release_only && f->state == WARM_OK)
		return "no instance stands on its old bytes any more";
	if (f->is_release && f->state != WARM_CHANGED)
		return "its release is not in the cache";
	switch (f->state) {
	case WARM_GONE: return "its file is gone from the cache";
	case WARM_CHANGED: return "the bytes of its file in the cache were changed";
	default:
		return "another file has its name in the cache, which is replaced only if it is "
		       "hornero's";
	}
}

static bool satisfies(const struct warm *w, const struct decision_facts *f)
{
	return strcmp(w->made.commit, f->tip) == 0 && f->inputs[0] &&
	       strcmp(w->made.inputs, f->inputs) == 0;
}

/* Makes f describe the release if it is published alone, or if the image's own name is up to date.
 */
static int ask_release(const struct sweep *s, const struct image *img, struct decision_facts *f,
		       struct warm *r, struct err *e)
{
	bool is_own = f->state != WARM_NONE && satisfies(f->warm, f);
	enum warm_state state;

	if (!image_wants_release(img))
		return 0;
	if (placed_look_newest(s->conf->store_dir, s->conf->cache_dir, img->uuid, r, &state, e) < 0)
		return -1;
	f->release_only = !is_own && img->in_use == IMAGE_IN_USE_RELEASE_ONLY &&
			  state != WARM_NONE && !r->refused && satisfies(r, f);
	if (!f->release_only && (!is_own || f->state != WARM_OK))
		return 0;
	f->is_release = true;
	/* There is no placed release, or it has older bytes: publishing places it. */
	if (!f->release_only &&
	    (state == WARM_NONE || strcmp(r->made.digest, f->warm->made.digest) != 0)) {
		f->state = WARM_FOREIGN;
		return 0;
	}
	/* A foreign file under its name stays: no job could change that. */
	f->state = state == WARM_FOREIGN && r->refused ? WARM_OK : state;
	f->warm = r;
	return 0;
}

/* If the file is gone, finds out whether it is wanted back, and when. hornero-keep has noted when
 * it went. */
static int ask_gone(const struct sweep *s, const struct image *img, struct decision_facts *f,
		    struct err *e)
{
	int64_t grace_ms = s->conf->cache_grace_s * 1000;
	int64_t now_ms = clock_wall_ms();
	struct kept k = {0};

	if (f->state != WARM_GONE && !f->release_only)
		return 0;
	if (f->is_release
		    ? kept_of_release(db_clock(s->db), s->conf->store_dir, f->warm, 0, &k, e) < 0
		    : kept_load(db_clock(s->db), s->conf->store_dir, img->uuid, &k, e) < 0)
		return -1;
	f->is_free = k.free_ms != 0;
	if (f->state != WARM_GONE)
		return 0;
	if (!f->is_release)
		kept_learn(db_clock(s->db), &k, f->warm, 0);
	f->is_let_go = image_keep_s(img) == 0 || kept_until_ms(&k, image_keep_s(img)) <= now_ms;
	f->is_graced = grace_ms > 0 && (k.gone_ms == 0 || now_ms < k.gone_ms + grace_ms);
	return 0;
}

static const char *detail_of(const struct decision_facts *f, enum decision decision)
{
	switch (decision) {
	case DECISION_WARM:
		return f->warm->made.pinned[0] ? "pinned by its image file to an earlier release"
					  : f->warm->name;
	case DECISION_RELEASED:
		return "as its release alone; its own UUID follows when no instance stands on its "
		       "old bytes";
	case DECISION_LET_GO:
		return "its keep_warm has ended; push, or set a longer one, to warm it";
	case DECISION_SKIPPED:
		return "its commit was pushed with -o skip; `hornero rebuild` builds it, and so "
		       "does the next push";
	case DECISION_GRACE:
		return "its file is gone from the cache and comes back after cache_grace";
	default: return f->newest && f->newest->reason ? f->newest->reason : "";
	}
}

/* The setting may be newer than the publication, or the outbox was removed. */
static void hand_out(const struct sweep *s, const struct image *img)
{
	struct err ignored = ERR_INIT;
	enum warm_state state;
	struct warm r;

	if (img->releases == IMAGE_RELEASES_REGISTERED &&
	    placed_look_newest(s->conf->store_dir, s->conf->cache_dir, img->uuid, &r, &state,
			       &ignored) == 0 &&
	    state == WARM_OK) {
		outgoing_put(s->conf, img, &r);
		registrations_note(s->conf, s->db, &r);
		rollouts_note(s->conf, s->db, &r);
	}
}

/* Removes what killed pushes left. Call it before the ref is read, so that a push whose mark goes
 * here is still seen. If another user owns the repositories, the next push, the door and the gc
 * timer clear them. */
static void clear_repo(const char *path)
{
	struct err ignored = ERR_INIT;
	own_fd int repo = fs_open_dir(AT_FDCWD, path, &ignored);

	if (repo < 0 || faccessat(repo, ".", W_OK, AT_EACCESS) < 0)
		return;
	relics_remove(repo, NULL, 0);
	relics_bury(repo);
}

/* If an input or the toolchain is missing, queues a commit without a job all the same: the job is
 * held with the reason, as that of a push would be. Returns false if e stands. */
static bool forget_inputs(const struct decision_facts *f, char inputs[SHA256_HEX + 1],
			  struct err *e)
{
	if (e->class != ERR_OPERATOR ||
	    (f->newest && strcmp(f->newest->commit, f->tip) == 0) ||
	    (f->state != WARM_NONE && strcmp(f->warm->made.commit, f->tip) == 0))
		return false;
	inputs[0] = '\0';
	*e = (struct err)ERR_INIT;
	return true;
}

/* The newest job is read before the ref: a push moves the ref, then queues its job. So no commit
 * is queued behind the job of a newer one. Returns as queue(). */
static int look(struct sweep *s, const struct image *img, struct err *e)
{
	own_free char *repo = fs_path("%s/%s.git", s->conf->repo_root, img->repo);
	own_job struct job newest = {0};
	struct warm w = {0}, release = {0};
	char tip[65];
	char inputs[SHA256_HEX + 1];
	struct decision_facts f = {.tip = tip, .inputs = inputs, .warm = &w};
	const char *last_builder;
	enum decision decision;
	int rc;

	clear_repo(repo);
	if (job_newest(s->db, img->uuid, &newest, e) < 0)
		return lack_queue(s, e);
	rc = refs_read(repo, img->ref, tip, e);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		say(s, img, "no ref", "its ref does not exist: the image keeps its last artifact");
		return 0;
	}
	if (warm_look(s->conf->store_dir, s->conf->cache_dir, img->uuid, &w, &f.state, e) < 0)
		return -1;
	f.is_refused = f.state != WARM_NONE && store_is_refused(s->conf->store_dir, w.made.digest);
	f.is_skipped = skip_stands(s->conf->skip_dir, img, tip);
	f.newest = newest.id ? &newest : NULL;
	last_builder = f.state != WARM_NONE ? w.made.builder : f.newest ? newest.builder : NULL;
	f.changed_ms = changed_ms(s, img, last_builder);
	if ((inputs_of(s, img, tip, last_builder, inputs, e) < 0 &&
	     !forget_inputs(&f, inputs, e)) ||
	    ask_release(s, img, &f, &release, e) < 0 || ask_gone(s, img, &f, e) < 0)
		return -1;
	decision = decision_make(&f);
	if (decision == DECISION_BUILD)
		return queue(s, img, &f, why_build(&f), e);
	if (decision == DECISION_PUBLISH)
		return queue(s, img, &f, why_publish(&f), e);
	if (decision == DECISION_SKIPPED && cancel_skipped(s, img, f.newest, e) < 0)
		return -1;
	if (decision == DECISION_WARM || decision == DECISION_RELEASED) {
		int confirm = confirm_queue(s->conf, s->builders, img, s->db, e);

		if (confirm < 0)
			return -1;
		s->queued += confirm;
		hand_out(s, img);
	}
	if (decision != DECISION_UNDERWAY)
		pin_leave(s->conf, img, tip); /* a job under way would then seem outdated; its end
						 leaves the pin */
	say(s, img, decision_name(decision), detail_of(&f, decision));
	return 0;
}

/* If a newer job comes each time, the image needs none of ours. */
static int look_again(struct sweep *s, const struct image *img, struct err *e)
{
	int rc = 1;

	for (int n = 0; rc == 1 && n < LOOKS_MAX; n++)
		rc = look(s, img, e);
	return rc < 0 ? -1 : 0;
}

static bool is_asked_for(const struct sweep *s, const struct image *img)
{
	for (size_t i = 0; i < s->nrepos; i++)
		if (!img->broken && strcmp(img->repo, s->repos[i]) == 0)
			return true;
	return s->nrepos == 0;
}

static int sweep_all(struct sweep *s, struct err *e)
{
	struct image *list = NULL;
	size_t n = 0;

	if (s->nrepos == 0) {
		stableids_bind(s->conf);
		rollouts_roll_back(s->conf);
	}
	if (images_load(s->conf->images_dir, &list, &n, e) < 0)
		return -1;
	if (s->nrepos == 0)
		stableids_hand_out(s->conf, list, n);
	for (size_t i = 0; i < n; i++) {
		struct err own = ERR_INIT;

		if (!is_asked_for(s, &list[i]) ||
		    (!list[i].broken && look_again(s, &list[i], &own) == 0))
			continue;
		if (list[i].broken)
			own = list[i].problem;
		s->worst = own.class;
		if (own.sys == EUCLEAN) { /* hornerod replaces the queue and sweeps again */
			images_free(list, n);
			*e = own;
			return -1;
		}
		say(s, &list[i], "broken", own.msg);
		if (!s->quiet || own.sys != ENOENT)
			log_warn("event=image-passed-over image=%s %s", list[i].uuid, own.msg);
	}
	images_free(list, n);
	return 0;
}

/* Asks every toolchain while nothing waits for us, so that a push finds it known. Sees changes that
 * no stat shows. */
static void ask_toolchains(const struct sweep *s)
{
	for (size_t i = 0; i < s->builders->n; i++) {
		const struct builder *b = &s->builders->list[i];
		struct err why = ERR_INIT;

		if (!tool_missing(s->conf, b) && toolchain_ask(s->conf, b, &why) < 0)
			log_warn("event=toolchain-unknown %s; hornero-sweep asks again at its next "
				 "run", why.msg);
	}
}

static int run(struct sweep *s, const char *conf_option, struct err *e)
{
	own_conf struct conf *c = NULL;
	own_builders struct builders *builders = NULL;
	own_db struct db *db = NULL;
	struct db_queue queue;
	int rc;

	if (conf_load_service(&c, conf_find(conf_option), e) < 0 ||
	    builders_load(c->builders_dir, &builders, e) < 0)
		return -1;
	s->conf = c;
	s->builders = builders;
	s->toolchains = calloc(builders->n + 1, sizeof(*s->toolchains));
	s->report = json_array();
	if (!s->toolchains || !s->report)
		return err_set(e, ERR_NOBODY, "out of memory for a sweep");
	queue = queue_location(c);
	if (db_open(&db, &queue, DB_CREATE, DB_WAIT_MS, e) < 0 || refs_init(e) < 0) {
		bell_ring(c->run_dir);
		return -1;
	}
	s->db = db;
	rc = sweep_all(s, e);
	refs_fini();
	if (s->queued > 0 || rc < 0)
		bell_ring(c->run_dir);
	if (s->json) {
		json_dumpf(s->report, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (!s->quiet) {
		printf("%d queued\n", s->queued);
	}
	if (s->quiet)
		ask_toolchains(s);
	json_decref(s->report);
	free(s->toolchains);
	return rc;
}

static const struct argp_option words[] = {
	{"json", 'j', NULL, 0, "Print the report as JSON", 0},
	{"quiet", 'q', NULL, 0, "Print nothing", 0},
	{"repo", 'r', "NAME", 0, "Look at the images of this repository only; may be repeated", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct sweep *s = state->input;

	switch (key) {
	case 'j': s->json = true; return 0;
	case 'q': s->quiet = true; return 0;
	case 'r':
		if (s->nrepos == REPOS_MAX)
			argp_error(state, "more than %d --repo", REPOS_MAX);
		s->repos[s->nrepos++] = arg;
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		words, parse, NULL,
		"Compares refs and image files with what is warm, and queues the difference.",
		NULL,  NULL,  NULL};
	const char *repos[REPOS_MAX];
	struct sweep s = {.repos = repos};
	const char *conf_option = NULL;
	struct err e = ERR_INIT;

	log_open("hornero-sweep", LOG_LEVEL_INFO);
	options_parse(&argp, argc, argv, &s, &conf_option);
	if (run(&s, conf_option, &e) < 0) {
		log_error("%s", e.msg);
		return err_exit(e.class);
	}
	/* hornerod repeats a sweep of single repositories until the queue accepts it. An image that
	 * cannot be checked was reported above. */
	if (s.nrepos > 0 && s.worst != ERR_NOBODY)
		return err_exit(s.queue);
	return err_exit(s.worst);
}
