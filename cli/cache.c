/* cache: what Nova would find. DIAGNOSTICS: as conf and store say. */
#include "cli/table.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/kept.h"
#include "store/nova.h"
#include "store/warm.h"

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
	{"release", CELL_TEXT, COLUMN_JSON_ONLY},
};

/* Wall ms, 0 for always: Nova does not age it out before. */
static int kept_until(const struct conf *c, const struct image *img, const struct warm *w, const struct stat *st, int64_t *out,
		      struct err *e)
{
	int64_t keep_s = img->broken ? KEPT_ALWAYS : image_keep_s(img);
	int64_t aged_ms = (int64_t)st->st_mtim.tv_sec * 1000 + c->cache_minimum_age_s * 1000;
	struct kept k = {0};

	*out = 0;
	if (keep_s == KEPT_ALWAYS)
		return 0;
	if (kept_load(c->store_dir, img->uuid, &k, e) < 0)
		return -1;
	kept_learn(&k, w, (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec);
	*out = keep_s > 0 && kept_until_ms(&k, keep_s) > aged_ms ? kept_until_ms(&k, keep_s) : aged_ms;
	return 0;
}

/* modified_ms is the file's mtime: what Nova's ageing counts from. */
static int cache_row(const struct conf *c, const struct image *img, struct listing *l, struct err *e)
{
	own_free char *path = NULL;
	struct warm warm = {0};
	enum warm_state state = WARM_NONE;
	char name[SHA1_HEX + 1], release[UUID_LEN + 1] = "";
	struct stat st = {0};
	int64_t until_ms = 0;

	if (nova_cache_name(img->uuid, name, e) < 0 ||
	    warm_look(c->store_dir, c->cache_dir, img->uuid, &warm, &state, e) < 0)
		return -1;
	path = fs_path("%s/%s", c->cache_dir, name);
	/* No record, but a file: Nova's own, fetched from Glance. */
	if (stat(path, &st) == 0 && state == WARM_NONE)
		state = WARM_FOREIGN;
	if (state == WARM_OK && (nova_release(img->uuid, warm.digest, release, e) < 0 ||
				 kept_until(c, img, &warm, &st, &until_ms, e) < 0))
		return -1;
	listing_row(l, (struct cell[]){
			       {.text = img->uuid},
			       {.text = warm_state_name(state)},
			       {.number = st.st_size},
			       {.number = nova_root_gib(st.st_size)},
			       {.number = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000},
			       {.text = img->broken ? "" : img->keep_warm},
			       {.number = until_ms},
			       {.number = state == WARM_OK ? warm.job : 0},
			       {.text = state == WARM_OK ? warm.commit : ""},
			       {.text = state == WARM_OK ? warm.digest : ""},
			       {.number = state == WARM_OK && *warm.pinned},
			       {.text = path},
			       {.text = release},
		       });
	return 0;
}

int cache_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct image *list = NULL;
	struct listing l;
	struct err ignored = ERR_INIT;
	size_t n = 0;
	int done = 0;

	(void)call;
	if (!c || cli_images(cli, &list, &n, e) < 0)
		return -1;
	listing_begin(&l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < n && done == 0; i++)
		done = cache_row(c, &list[i], &l, e);
	if (listing_end(&l, done < 0 ? &ignored : e) < 0)
		done = -1;
	images_free(list, n);
	if (done == 0 && n == 0 && !cli->json)
		puts("There is no image yet: `hornero image add UUID REPO` makes one.");
	cli_note_isolation(cli);
	return done;
}
