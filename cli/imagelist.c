/* imagelist: `hornero image list` and `hornero image show`. DIAGNOSTICS: a broken image file is a
 * row with the reason, not an error. */
#include "cli/artifact.h"
#include "cli/registration.h"
#include "cli/rollout.h"
#include "cli/releases.h"
#include "cli/table.h"
#include "cli/wanted.h"
#include "cli/words.h"
#include "state/pause.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/nova.h"

#include <string.h>

static const struct column columns[] = {
	{"image", CELL_TEXT, 0},
	{"name", CELL_TEXT, 0},
	{"repo", CELL_TEXT, 0},
	{"ref", CELL_TEXT, 0},
	{"subdir", CELL_TEXT, 0},
	{"builder", CELL_TEXT, 0},
	{"in_use", CELL_TEXT, COLUMN_JSON_ONLY},
	{"releases", CELL_TEXT, COLUMN_JSON_ONLY},
	{"state", CELL_STATE, 0},
	{"commit", CELL_COMMIT, 0},
	{"published_ms", CELL_AGE, 0},
	{"digest", CELL_TEXT, COLUMN_JSON_ONLY},
	{"job", CELL_ID, COLUMN_JSON_ONLY},
	{"paused_by", CELL_TEXT, COLUMN_JSON_ONLY},
	{"problem", CELL_TEXT, 0},
	/* only in `image show` */
	{"repository", CELL_TEXT, 0},
	{"file", CELL_TEXT, 0},
	{"cache_file", CELL_TEXT, 0},
	{"newest_job", CELL_ID, 0},
	{"newest_state", CELL_STATE, 0},
	{"key", CELL_TEXT, COLUMN_JSON_ONLY},
	{"built", CELL_TEXT, 0},
	{"pinned", CELL_TEXT, 0},
	{"until_ref_leaves", CELL_TEXT, 0},
	{"release", CELL_TEXT, 0},
	{"release_state", CELL_STATE, 0},
	{"release_commit", CELL_COMMIT, 0},
	{"release_file", CELL_TEXT, 0},
	{"registration", CELL_STATE, 0},
	{"registration_reason", CELL_TEXT, 0},
	{"stable", CELL_STATE, 0},
	{"stable_reason", CELL_TEXT, 0},
	{"rollout", CELL_STATE, 0},
	{"rollout_reason", CELL_TEXT, 0},
};
enum {
	N_SHOW = sizeof(columns) / sizeof(columns[0]),
	N_RELEASE = N_SHOW - 10,
	N_LIST = N_RELEASE - 9
};

/* A row, and the texts that it points to. */
struct line {
	struct cell row[N_SHOW];
	struct warm warm;
	char paused_by[PAUSE_WHO];
	struct standstill standstill;
};

static enum warm_state fill(const struct conf *c, const struct steady *clock,
			    const struct image *img, const struct paused *paused, struct line *l)
{
	struct warm *warm = &l->warm;
	enum warm_state state = WARM_NONE;
	struct err problem = ERR_INIT;

	memset(warm, 0, sizeof(*warm));
	if (warm_look(c->store_dir, c->cache_dir, img->uuid, warm, &state, &problem) < 0)
		state = WARM_NONE;
	if (state == WARM_NONE)
		memset(warm, 0, sizeof(*warm));
	l->paused_by[0] = l->standstill.text[0] = '\0';
	if (paused_image(paused, img->uuid) && pause_by(c, img->uuid, l->paused_by))
		paused_why(paused, c, img->uuid, false, &l->standstill);
	const struct cell cells[N_LIST] = {
		{.text = img->uuid},
		{.text = img->name},
		{.text = img->repo},
		{.text = img->ref},
		{.text = img->subdir},
		{.text = img->builder},
		{.text = img->broken ? NULL : image_in_use_name(img->in_use)},
		{.text = img->broken ? NULL : image_releases_name(img->releases)},
		{.text = img->broken ? "broken" : warm_state_name(state)},
		{.text = warm->made.commit},
		{.number = steady_present_ms(clock, warm->published_ms)},
		{.text = warm->made.digest},
		{.number = warm->made.job},
		{.text = *l->paused_by ? l->paused_by : NULL},
		{.text = img->broken ? img->problem.msg : l->standstill.text},
	};

	memcpy(l->row, cells, sizeof(cells));
	return state;
}

int image_list_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct image *list = NULL;
	own_paused struct paused paused = {.node = false};
	struct listing l;
	size_t n = 0;
	int done;

	if (!c || cli_images(cli, &list, &n, e) < 0)
		return -1;
	if (call_option(call, "wanted")) {
		done = wanted_list(cli, list, n, e);
		images_free(list, n);
		return done;
	}
	paused_load(&paused, c);
	listing_begin(&l, cli, columns, N_LIST);
	for (size_t i = 0; i < n; i++) {
		struct line line;

		(void)fill(c, &cli->clock, &list[i], &paused, &line);
		listing_row(&l, line.row);
	}
	done = listing_end(&l, e);
	images_free(list, n);
	if (n == 0 && !cli->json)
		cli_say(stdout, "There is no image yet: `hornero image add UUID REPO` makes one.");
	cli_note_isolation(cli);
	cli_note_standstill(cli, &paused);
	return done;
}

/* Finds the newest job; *j stays zeroed without a job or a queue. An image can be shown without a
 * queue. */
static void newest_of(struct cli *cli, const char *uuid, struct job *j)
{
	own_db struct db *db = NULL;
	struct err ignored = ERR_INIT;

	if (cli_db(cli, DB_READ, &db, &ignored) == 0)
		(void)job_newest(db, uuid, j, &ignored);
}

/* Returns the digest of the artifact to show: the warm one, else the one that the newest job built,
 * else the last warm one; NULL if there is none. */
static const char *digest_of(const struct warm *warm, bool is_warm, const struct job *newest)
{
	if (!is_warm && newest->digest && sha256_valid(newest->digest))
		return newest->digest;
	return *warm->made.digest ? warm->made.digest : NULL;
}

/* Describes how that artifact was built for this image. Builds of other images do not count. */
static void describe_build(const struct conf *c, const char *uuid, const char *digest,
			   const struct warm *warm, const struct job *newest, struct answer *out)
{
	bool is_warm = strcmp(warm->made.digest, digest ? digest : "") == 0;

	*out = (struct answer){0};
	if (digest)
		answer_describe(c->store_dir, uuid,
				is_warm || !newest->key ? warm->made.key : newest->key, digest,
				out);
}

/* a is NULL if nothing was built yet. */
static void show(const struct cli *cli, const struct cell row[N_SHOW], const struct artifact *a,
		 const struct releases *r)
{
	json_t *object;

	if (cli->json) {
		object = row_json(columns, N_SHOW, row);
		json_object_set_new(object, "artifact", a ? artifact_json(a) : json_null());
		json_object_set_new(object, "releases", releases_json(cli, r));
		json_out(object);
		return;
	}
	record_print(cli, columns, N_SHOW, row);
	if (a) {
		puts("\nIts artifact, as it was built first:");
		artifact_print(cli, a);
	}
	if (r->n > 0) {
		puts("\nReleases that the store has:");
		releases_print(cli, r, stdout);
	}
}

/* The manifest names the image that these bytes were built for first. If that is another image,
 * hide it from keys. */
static void hide_others(const struct cli *cli, const char *uuid, struct artifact *a)
{
	struct manifest *m = &a->m;

	m->built_ms = steady_present_of_wall_ms(&cli->clock, m->built_ms);
	if (!cli->key || strcmp(m->made.image, uuid) == 0)
		return;
	*m->made.image = *m->made.commit = *m->made.tree = *m->attributes = *m->made.key =
		*m->expect = *m->boot_machine = *m->boot_bus = '\0';
	m->made.job = m->made.attempt = m->built_ms = m->timeout_s = m->boot_memory_bytes = 0;
	m->checkout_ms = m->build_ms = m->check_ms = m->boot_ms = 0;
	*m->built = *m->made.repo = *m->shared_from = '\0';
}

/* Fills the cells of the current release, if there is one. The caller frees *file. */
static int release_cells(const struct conf *c, const struct image *img, struct warm *r,
			 char id[UUID_LEN + 1], char **file, struct registered *g,
			 struct cell *cells, struct err *e)
{
	enum warm_state state;

	if (registered_look_current(c, img, r, &state, id, g, e) < 0)
		return -1;
	memset(cells, 0, (N_SHOW - N_RELEASE) * sizeof(*cells));
	if (state == WARM_NONE)
		return 0;
	*file = fs_path("%s/%s", c->cache_dir, r->name);
	cells[0].text = id;
	cells[1].text = warm_state_name(state);
	cells[2].text = r->made.commit;
	cells[3].text = *file;
	if (g->is_wanted)
		cells[4].text = registration_state_name(g->state);
	if (*g->r.reason && g->state != REGISTRATION_NONE)
		cells[5].text = g->r.reason;
	return 0;
}

int image_show_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_image struct image img = {0};
	own_job struct job newest = {0};
	own_free char *repo = NULL, *file = NULL, *cache_file = NULL, *release_file = NULL;
	own_paused struct paused paused = {.node = false};
	struct line line;
	struct cell *row = line.row;
	struct warm current;
	struct registered registered, stable;
	struct rolled rolled;
	enum warm_state state;
	own_releases struct releases releases = {0};
	struct artifact artifact;
	struct answer answer;
	const char *digest;
	char uuid[UUID_LEN + 1], name[SHA1_HEX + 1], release[UUID_LEN + 1];

	if (!c || cli_uuid(call->args[0], uuid, e) < 0 || cli_image(cli, uuid, &img, e) < 0 ||
	    nova_cache_name(uuid, name, e) < 0)
		return -1;
	newest_of(cli, uuid, &newest);
	paused_load(&paused, c);
	state = fill(c, &cli->clock, &img, &paused, &line);
	digest = digest_of(&line.warm, state == WARM_OK, &newest);
	if (release_cells(c, &img, &current, release, &release_file, &registered, row + N_RELEASE,
			  e) < 0 ||
	    registered_look_stable(c, uuid, &stable, e) < 0 ||
	    rolled_look(c, &img, &rolled, e) < 0)
		return -1;
	if (stable.is_wanted)
		row[N_SHOW - 4].text = registration_state_name(stable.state);
	if (stable.state != REGISTRATION_NONE && *stable.r.reason)
		row[N_SHOW - 3].text = stable.r.reason;
	if (rolled.is_wanted)
		row[N_SHOW - 2].text = rollout_state_name(rolled.state);
	if (rolled.state != ROLLOUT_NONE && *rolled.r.reason)
		row[N_SHOW - 1].text = rolled.r.reason;
	if ((digest && artifact_load(c, uuid, digest, &artifact, e) < 0) ||
	    releases_load(cli, &img, &releases, e) < 0)
		return -1;
	if (digest)
		hide_others(cli, uuid, &artifact);
	row[N_LIST] = (struct cell){.text = repo = cli_repo_path(c, img.repo)};
	row[N_LIST + 1] = (struct cell){.text = file = fs_path("%s/%s.yaml", c->images_dir, uuid)};
	row[N_LIST + 2] = (struct cell){.text = cache_file = fs_path("%s/%s", c->cache_dir, name)};
	row[N_LIST + 3] = (struct cell){.number = newest.id};
	row[N_LIST + 4] = (struct cell){.text = newest.id ? job_state_name(newest.state) : NULL};
	row[N_LIST + 5] = (struct cell){.text = line.warm.made.key};
	describe_build(c, uuid, digest, &line.warm, &newest, &answer);
	row[N_LIST + 6] = (struct cell){.text = *answer.built ? answer.built : NULL};
	row[N_LIST + 7] = (struct cell){.text = img.pinned};
	row[N_LIST + 8] = (struct cell){.text = img.pinned ? img.until_ref_leaves : NULL};
	show(cli, row, digest ? &artifact : NULL, &releases);
	cli_note_isolation(cli);
	cli_note_standstill(cli, &paused);
	return 0;
}
