/* cache: lists the files of our images in Nova's cache. DIAGNOSTICS: as conf and store say. */
#include "cli/cache.h"
#include "cli/placement.h"
#include "cli/table.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/kept.h"
#include "store/nova.h"
#include "store/placed.h"

#include <string.h>
#include <sys/stat.h>

static const struct column columns[] = {
	{"image", CELL_TEXT, 0},
	{"state", CELL_STATE, 0},
	{"size_bytes", CELL_BYTES, 0},
	{"root_gib", CELL_ID, 0},
	{"modified_ms", CELL_AGE, 0},
	{"keep_warm", CELL_TEXT, 0},
	{"kept_until_ms", CELL_AGE, 0},
	{"job", CELL_ID, 0},
	{"commit", CELL_COMMIT, 0},
	{"digest", CELL_COMMIT, 0},
	{"pinned", CELL_BOOL, 0},
	{"path", CELL_TEXT, 0},
	{"release", CELL_TEXT, 0},
	{"release_state", CELL_STATE, 0},
	{"release_of", CELL_TEXT, 0},
};

/* The data of a row: one name in the cache. */
struct entry {
	const struct conf *conf;
	const struct steady *clock;
	const struct image *img;
	struct listing *listing;
	const char *id;         /* Nova's id: the image, or a release of it */
	const struct warm *warm; /* used only if state is WARM_OK */
	enum warm_state state;
	const char *release, *release_of;
	enum warm_state release_state;
	const char *current;    /* digest of the release to keep; "": none */
	bool is_let_go;
};

/* Sets *out to the wall time in ms before which Nova does not age the file out, or to 0 if it is
 * kept always. The current release is kept like its image; older releases are let go. */
static int kept_until(const struct entry *en, const struct stat *st, int64_t *out, struct err *e)
{
	const struct conf *c = en->conf;
	int64_t keep_s = en->img->broken ? KEPT_ALWAYS : image_keep_s(en->img);
	int64_t mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	int64_t aged_ms = mtime_ns / 1000000 + c->cache_minimum_age_s * 1000;
	struct kept k = {0};

	if (en->is_let_go)
		keep_s = 0;
	*out = 0;
	if (keep_s == KEPT_ALWAYS)
		return 0;
	if (*en->release_of) {
		if (kept_of_release(en->clock, c->store_dir, en->warm, mtime_ns, &k, e) < 0)
			return -1;
	} else {
		if (kept_load(en->clock, c->store_dir, en->img->uuid, &k, e) < 0)
			return -1;
		kept_learn(en->clock, &k, en->warm, mtime_ns);
	}
	*out = aged_ms;
	if (keep_s > 0 && kept_until_ms(&k, keep_s) > aged_ms)
		*out = kept_until_ms(&k, keep_s);
	return 0;
}

/* modified_ms is the file's mtime, from which Nova's ageing counts. */
static int print_entry(const struct entry *en, const char *path, const struct stat *st,
		       struct err *e)
{
	bool is_ours = en->state == WARM_OK;
	int64_t until_ms = 0;

	if (is_ours && kept_until(en, st, &until_ms, e) < 0)
		return -1;
	listing_row(en->listing, (struct cell[]){
			       {.text = en->id},
			       {.text = warm_state_name(en->state)},
			       {.number = st->st_size},
			       {.number = nova_root_gib(st->st_size)},
			       {.number = (int64_t)st->st_mtim.tv_sec * 1000 +
					  st->st_mtim.tv_nsec / 1000000},
			       {.text = en->img->broken ? "" : en->img->keep_warm},
			       {.number = until_ms},
			       {.number = is_ours ? en->warm->made.job : 0},
			       {.text = is_ours ? en->warm->made.commit : ""},
			       {.text = is_ours ? en->warm->made.digest : ""},
			       {.number = is_ours && *en->warm->made.pinned},
			       {.text = path},
			       {.text = en->release},
			       {.text = *en->release ? warm_state_name(en->release_state) : ""},
			       {.text = en->release_of},
		       });
	return 0;
}

static int release_row(void *arg, struct warm *w, struct err *e)
{
	const struct entry *image = arg;
	own_free char *path = fs_path("%s/%s", image->conf->cache_dir, w->name);
	char id[UUID_LEN + 1];
	struct entry en = *image;
	struct stat st = {0};

	if (nova_release(w->made.image, w->made.digest, id, e) < 0)
		return -1;
	en.state = placed_state_of(en.conf->cache_dir, w, e);
	if (en.state == WARM_NONE)
		return -1;
	(void)stat(path, &st);
	en.id = id;
	en.warm = w;
	en.release = "";
	en.release_of = w->made.image;
	en.is_let_go = strcmp(w->made.digest, en.current) != 0;
	return print_entry(&en, path, &st, e);
}

static int cache_row(const struct conf *c, const struct image *img, struct listing *l,
		     struct err *e)
{
	own_free char *path = NULL;
	struct warm warm = {0}, release, newest = {0};
	enum warm_state ignored;
	char name[SHA1_HEX + 1], id[UUID_LEN + 1] = "";
	struct entry en = {
		.conf = c, .clock = l->clock, .img = img, .listing = l, .id = img->uuid,
		.warm = &warm, .release = id, .release_of = "",
	};
	struct stat st = {0};

	if (nova_cache_name(img->uuid, name, e) < 0 ||
	    warm_look(c->store_dir, c->cache_dir, img->uuid, &warm, &en.state, e) < 0)
		return -1;
	path = fs_path("%s/%s", c->cache_dir, name);
	/* A file without a record is Nova's own, fetched from Glance. */
	if (stat(path, &st) == 0 && en.state == WARM_NONE)
		en.state = WARM_FOREIGN;
	if (en.state == WARM_OK &&
	    (nova_release(img->uuid, warm.made.digest, id, e) < 0 ||
	     placed_look(c->store_dir, c->cache_dir, img->uuid, warm.made.digest, &release,
			 &en.release_state, e) < 0))
		return -1;
	if (placed_look_newest(c->store_dir, c->cache_dir, img->uuid, &newest, &ignored, e) < 0)
		return -1;
	en.current = img->broken || image_wants_release(img) ? newest.made.digest : "";
	if (print_entry(&en, path, &st, e) < 0)
		return -1;
	return placed_each(c->store_dir, img->uuid, release_row, &en, e);
}

int cache_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct image *list = NULL;
	struct listing l;
	struct err ignored = ERR_INIT;
	size_t n = 0;
	int done = 0;

	if (!c)
		return -1;
	/* --verify reads the node's disks, so a key needs rights on the whole node. */
	if (call_option(call, "verify"))
		return cli_may_node(cli, e) < 0 ? -1 : cache_verify(cli, c, e);
	if (call_option(call, "placement"))
		return cli_may_node(cli, e) < 0 ? -1 : placement_print(cli, e);
	if (cli_images(cli, &list, &n, e) < 0)
		return -1;
	listing_begin(&l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < n && done == 0; i++)
		done = cache_row(c, &list[i], &l, e);
	if (listing_end(&l, done < 0 ? &ignored : e) < 0)
		done = -1;
	images_free(list, n);
	if (done == 0 && n == 0 && !cli->json)
		cli_say(stdout, "There is no image yet: `hornero image add UUID REPO` makes one.");
	cli_note_isolation(cli);
	return done;
}
