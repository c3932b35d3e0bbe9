/* cache_verify: reads every file that hornero published into Nova's cache again. DIAGNOSTICS: exit
 * 1 if one was changed; ERR_NOBODY if one cannot be read, after all others have been read. */
#include "cli/cache.h"
#include "cli/table.h"
#include "cli/words.h"
#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/cached.h"
#include "store/changed.h"
#include "store/nova.h"

#include <inttypes.h>
#include <string.h>

static const struct column columns[] = {
	{"image", CELL_TEXT, 0},
	{"state", CELL_STATE, 0},
	{"size_bytes", CELL_BYTES, 0},
	{"digest", CELL_COMMIT, 0},
	{"found", CELL_COMMIT, 0},
	{"release", CELL_TEXT, 0},
	{"path", CELL_TEXT, 0},
};

struct run {
	struct cli *cli;
	const struct conf *c;
	struct listing *listing;
	struct warm *list;
	char (*found)[SHA256_HEX + 1]; /* per file: the digest found, "" if unchanged */
	size_t n, at;
	bool shows;          /* standard error is a terminal */
	int64_t bytes, shown_ms;
	int64_t whole, changed, unreadable;
};

static int progress(void *arg, int64_t bytes, struct err *e)
{
	struct run *r = arg;
	int64_t now_ms = clock_mono_ms();
	char words[WORDS_MAX];

	(void)e;
	r->bytes += bytes;
	if (r->shows && now_ms - r->shown_ms >= 200) {
		fprintf(stderr, "\r%zu of %zu files, %s read ", r->at + 1, r->n,
			bytes_words(words, r->bytes));
		r->shown_ms = now_ms;
	}
	return 0;
}

static void end_progress(const struct run *r)
{
	if (r->shown_ms)
		fputs("\r\033[K", stderr);
}

/* Queues a job, by which hornerod publishes or builds the artifact again. The note in the store is
 * optional: without the right to write there, the job is enough. */
static int mend(struct run *r, const struct warm *w, const char *found, struct err *e)
{
	char commit[CLI_COMMIT_MAX + 1], who[CLI_WHO_MAX];
	own_image struct image img = {0};
	struct job_receipt receipt = {0};
	struct err ignored = ERR_INIT;
	own_db struct db *db = NULL;
	int known;

	(void)changed_note(r->c->store_dir, w, found, &ignored);
	if (cli_image(r->cli, w->made.image, &img, &ignored) < 0)
		return 0; /* no image wants this file any more */
	known = cli_ref_commit(r->c, &img, commit, e);
	if (known <= 0)
		return known;
	cli_who(r->cli, who);
	if (cli_db(r->cli, DB_CREATE, &db, e) < 0 ||
	    job_enqueue(db,
			&(struct job_wish){.image = img.uuid,
					   .repo = img.repo,
					   .ref = img.ref,
					   .commit = commit,
					   .origin = "verify",
					   .pushed_by = who,
					   .note = "its file in Nova's cache holds other bytes "
						   "than were published"},
			&receipt, e) < 0)
		return -1;
	bell_ring(r->c->run_dir);
	return 0;
}

static int row(const struct run *r, const struct warm *w, const char *state, const char *found,
	       struct err *e)
{
	own_free char *path = fs_path("%s/%s", r->c->cache_dir, w->name);
	char own[SHA1_HEX + 1], release[UUID_LEN + 1] = "";

	if (nova_cache_name(w->made.image, own, e) < 0 ||
	    (strcmp(own, w->name) != 0 &&
	     nova_release(w->made.image, w->made.digest, release, e) < 0))
		return -1;
	listing_row(r->listing, (struct cell[]){
					{.text = w->made.image},
					{.text = state},
					{.number = w->size_bytes},
					{.text = w->made.digest},
					{.text = found},
					{.text = release},
					{.text = path},
				});
	return 0;
}

static int say_changed(struct run *r, const struct warm *w, struct err *e)
{
	const char *found = r->found[r->at];

	r->changed++;
	return row(r, w, "changed", found, e) < 0 ? -1 : mend(r, w, found, e);
}

/* A file with two names is read only once. */
static int verify_twin(struct run *r, const struct warm *w, const struct warm *twin, struct err *e)
{
	memcpy(r->found[r->at], r->found[twin - r->list], sizeof(*r->found));
	return *r->found[r->at] ? say_changed(r, w, e) : row(r, w, "ok", "", e);
}

static int verify(struct run *r, struct err *e)
{
	const struct warm *w = &r->list[r->at], *twin = cached_twin(r->list, r->at);
	char found[SHA256_HEX + 1] = "";
	struct err why = ERR_INIT;

	if (twin)
		return verify_twin(r, w, twin, e);
	switch (cached_verify(r->c->cache_dir, w, progress, r, found, &why)) {
	case CACHED_OK:
		r->whole++;
		return row(r, w, "ok", "", e);
	case CACHED_OTHER:
		return row(r, w, "not ours", "", e);
	case CACHED_CHANGED:
		memcpy(r->found[r->at], found, sizeof(found));
		return say_changed(r, w, e);
	default:
		r->unreadable++;
		end_progress(r);
		cli_say(stderr, "hornero: %s", why.msg);
		return row(r, w, "unreadable", "", e);
	}
}

static int verify_all(struct run *r, struct err *e)
{
	int rc = cached_load(r->c->store_dir, &r->list, &r->n, e);

	if (rc == 0 && !(r->found = calloc(r->n + 1, sizeof(*r->found))))
		rc = err_set(e, ERR_NOBODY, "out of memory to verify %zu files", r->n);
	for (r->at = 0; rc == 0 && r->at < r->n; r->at++)
		rc = verify(r, e);
	end_progress(r);
	return rc;
}

int cache_verify(struct cli *cli, const struct conf *c, struct err *e)
{
	struct listing l;
	struct run r = {.cli = cli, .c = c, .listing = &l, .shows = isatty(STDERR_FILENO)};
	struct err ignored = ERR_INIT;
	int rc;

	listing_begin(&l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	rc = verify_all(&r, e);
	free(r.list);
	free(r.found);
	if (listing_end(&l, rc < 0 ? &ignored : e) < 0)
		rc = -1;
	if (rc < 0)
		return -1;
	if (!cli->json)
		printf("%" PRId64 " whole, %" PRId64 " changed%s\n", r.whole, r.changed,
		       r.changed > 0 ? ": the right bytes are put back as in_use says" : "");
	if (r.unreadable > 0)
		return err_set(e, ERR_NOBODY, "%" PRId64 " files could not be read", r.unreadable);
	return r.changed > 0 ? 1 : 0;
}
