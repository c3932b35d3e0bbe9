/* image_current: `hornero image current`: the release to boot now. DIAGNOSTICS: as cli_image says;
 * that there is none yet is an exit code and a sentence, not an error. */
#include "cli/registration.h"
#include "cli/table.h"
#include "cli/words.h"
#include "lib/own.h"

static const struct column columns[] = {
	{"image", CELL_TEXT, 0},
	{"release", CELL_TEXT, 0},
	{"release_state", CELL_STATE, 0},
	{"digest", CELL_TEXT, 0},
	{"commit", CELL_COMMIT, 0},
	{"registration", CELL_STATE, 0},
	{"registration_reason", CELL_TEXT, 0},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct current {
	const struct image *img;
	struct warm warm;
	enum warm_state state; /* of its file in the cache */
	char release[UUID_LEN + 1];
	struct registered registered;
};

static json_t *current_json(const struct current *cur)
{
	const struct registered *g = &cur->registered;
	bool is_there = cur->state != WARM_NONE;
	bool is_tried = g->is_wanted && g->state != REGISTRATION_NONE;
	const struct cell cells[N_COLUMNS] = {
		{.text = cur->img->uuid},
		{.text = is_there ? cur->release : NULL},
		{.text = warm_state_name(cur->state)},
		{.text = is_there ? cur->warm.made.digest : NULL},
		{.text = is_there ? cur->warm.made.commit : NULL},
		{.text = g->is_wanted ? registration_state_name(g->state) : NULL},
		{.text = is_tried && *g->r.reason ? g->r.reason : NULL},
	};

	return row_json(columns, N_COLUMNS, cells);
}

/* Glance serves a registered release to any node, so the cache of this one does not matter.
 * Returns the exit code, with a sentence in why unless it is 0. */
static int judge(const struct cli *cli, const struct current *cur, char why[REGISTRATION_TEXT])
{
	const struct image *img = cur->img;
	const struct registered *g = &cur->registered;

	if (!image_wants_release(img)) {
		snprintf(why, REGISTRATION_TEXT,
			 "image %s has no releases; `hornero image set %s releases=always` makes "
			 "them, releases=registered also registers them in Glance",
			 img->uuid, img->uuid);
		return 1;
	}
	if (cur->state == WARM_NONE) {
		snprintf(why, REGISTRATION_TEXT,
			 "image %s has no release yet; `hornero why %s` says more", img->uuid,
			 img->uuid);
		return 75;
	}
	if (img->releases == IMAGE_RELEASES_REGISTERED) {
		if (g->is_wanted && g->state == REGISTRATION_REGISTERED)
			return 0;
		if (g->is_wanted)
			registered_words(cli, cur->release, g, why);
		else
			snprintf(why, REGISTRATION_TEXT,
				 "release %s is not registered in Glance yet; `hornero sweep` "
				 "hands it to hornero-glance",
				 cur->release);
		return 75;
	}
	if (cur->state == WARM_OK)
		return 0;
	snprintf(why, REGISTRATION_TEXT,
		 "release %s is not in Nova's cache (%s); `hornero why %s` says more",
		 cur->release, warm_state_name(cur->state), img->uuid);
	return 75;
}

int image_current_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_image struct image img = {0};
	struct current cur = {.img = &img};
	char uuid[UUID_LEN + 1], why[REGISTRATION_TEXT];
	int code;

	if (!c || cli_uuid(call->args[0], uuid, e) < 0 || cli_image(cli, uuid, &img, e) < 0 ||
	    registered_look_current(c, &img, &cur.warm, &cur.state, cur.release, &cur.registered,
				    e) < 0)
		return -1;
	code = judge(cli, &cur, why);
	if (cli->json)
		json_out(current_json(&cur));
	else if (code == 0)
		cli_say(stdout, "%s", cur.release);
	if (code != 0)
		cli_say(stderr, "%s", why);
	return code;
}
