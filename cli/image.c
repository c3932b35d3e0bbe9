/* image: `hornero image set` and `image remove`; image_add.c makes the binding. DIAGNOSTICS:
 * ERR_USAGE names the argument and the allowed values; ERR_OPERATOR for a broken image file. */
#include "cli/image.h"
#include "cli/change.h"
#include "cli/steer.h"
#include "cli/table.h"
#include "cli/words.h"
#include "conf/builder.h"
#include "conf/imagepending.h"
#include "state/pause.h"
#include "state/replace.h"
#include "state/skip.h"
#include "lib/bell.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/release.h"
#include "store/warm.h"

#include <errno.h>
#include <string.h>

int image_check_binding(const struct cli *cli, const struct image *img, struct err *e)
{
	const struct conf *c = cli->conf;
	own_free char *repo = cli_repo_path(c, img->repo);
	own_builders struct builders *b = NULL;

	if (cli_may(cli, img->repo, img->ref, e) < 0)
		return -1;
	if (access(repo, F_OK) < 0)
		return err_set(e, ERR_USAGE,
			       "there is no repository %s; make it with `hornero repo create %s`",
			       repo, img->repo);
	if (!img->builder)
		return 0;
	if (builders_load(c->builders_dir, &b, e) < 0)
		return -1;
	if (!builder_find(b, img->builder))
		return err_set(e, ERR_USAGE,
			       "there is no usable builder \"%s\" in %s; `hornero builder list` "
			       "lists them",
			       img->builder, c->builders_dir);
	return 0;
}

static int check_release(const struct conf *c, const struct image *img, struct err *e)
{
	char digest[SHA256_HEX + 1];
	int found = release_find(c->store_dir, img->uuid, img->repo, img->pinned, digest, e);

	if (found == 0)
		return err_set(e, ERR_USAGE,
			       "the store has no release %s of image %s; `hornero image show %s` "
			       "lists them",
			       img->pinned, img->uuid, img->uuid);
	return found < 0 ? -1 : 0;
}

/* They decide who sees and who pays for what the operator's credentials make in Glance, which
 * servers these rebuild, and whether the node trusts other nodes. */
static int check_right(const struct cli *cli, const char *setting, const char *value,
		       struct err *e)
{
	if (!cli->key || (strncmp(setting, "glance_", strlen("glance_")) != 0 &&
			  strcmp(setting, "share") != 0 && strcmp(setting, "require_warm") != 0 &&
			  strcmp(setting, "rebuild_failed") != 0 &&
			  (strcmp(setting, "on_warm") != 0 || strcmp(value, "rebuild") != 0)))
		return 0;
	return err_set(e, ERR_USAGE, "%s is set on the node itself, not with a key",
		       strcmp(setting, "on_warm") == 0 ? "on_warm=rebuild" : setting);
}

int image_set_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_image struct image img = {0};
	own_free char *before = NULL, *after = NULL;
	own_fd int lock = -1;
	char uuid[UUID_LEN + 1];
	size_t len;
	bool changed;

	if (!c || cli_uuid(call->args[0], uuid, e) < 0)
		return -1;
	lock = images_lock(c->images_dir, IMAGES_LOCK_MS, e);
	if (lock < 0 || cli_image(cli, uuid, &img, e) < 0 || image_emit(&img, &before, &len, e) < 0)
		return -1;
	for (int i = 1; i < call->nargs; i++) {
		const char *equals = strchr(call->args[i], '=');
		own_free char *name = NULL;

		if (!equals)
			return err_set(e, ERR_USAGE, "\"%s\" is not of the form "
						     "NAME=VALUE", call->args[i]);
		name = fs_path("%.*s", (int)(equals - call->args[i]), call->args[i]);
		if (check_right(cli, name, equals + 1, e) < 0 ||
		    image_set(&img, name, equals + 1, e) < 0 ||
		    (strcmp(name, "pinned") == 0 && img.pinned && check_release(c, &img, e) < 0))
			return -1;
	}
	if (image_check_binding(cli, &img, e) < 0 || image_emit(&img, &after, &len, e) < 0)
		return -1;
	changed = strcmp(before, after) != 0;
	if (changed && image_save(c->images_dir, &img, e) < 0)
		return -1;
	bell_ring(c->run_dir);
	if (changed)
		change_say(cli, true, "image %s changed; `hornero wait %s` tells when that is warm",
			   uuid, uuid);
	else
		change_say(cli, false, "image %s has these settings already", uuid);
	return change_end(cli, changed, json_pack("{s:s}", "image", uuid));
}

/* A request of `image add --glance` that Glance has not answered. */
static bool take_back_pending(const struct cli *cli, const char *uuid, struct err *e)
{
	int rc = imagepending_remove(cli->conf->images_dir, uuid, e);

	if (rc > 0) {
		bell_ring(cli->conf->run_dir);
		change_say(cli, true, "image %s was not bound yet, and will not be", uuid);
		change_end(cli, true, json_pack("{s:s}", "image", uuid));
	}
	return rc != 0;
}

/* Returns 1 if removed, 0 if it was not bound, -1 on error. A key is told of an image that it does
 * not see as of one that is missing, so for keys that stays an error. */
static int unbind(const struct cli *cli, const char *uuid, struct err *e)
{
	struct err why = ERR_INIT;

	if (image_remove(cli->conf->images_dir, uuid, &why) == 0)
		return 1;
	if (why.sys == ENOENT && !cli->key)
		return 0;
	*e = why;
	return -1;
}

static void say_removed(const struct cli *cli, const char *uuid, const struct warm *warm,
			enum warm_state state)
{
	if (state == WARM_OK)
		change_say(cli, true,
			   "image %s is no longer kept warm; Nova ages its file %s/%s out when no "
			   "instance needs it, and `hornero gc` removes it before where room is "
			   "needed",
			   uuid, cli->conf->cache_dir, warm->name);
	else
		change_say(cli, true, "image %s is no longer kept warm", uuid);
}

int image_remove_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_image struct image img = {0};
	own_fd int lock = -1;
	char uuid[UUID_LEN + 1];
	enum warm_state state = WARM_NONE;
	struct err ignored = ERR_INIT;
	struct warm warm;
	int removed;

	if (!c || cli_uuid(call->args[0], uuid, e) < 0)
		return -1;
	lock = images_lock(c->images_dir, IMAGES_LOCK_MS, e);
	if (lock < 0 || (cli->key && cli_image(cli, uuid, &img, e) < 0))
		return -1;
	if (!cli->key && take_back_pending(cli, uuid, e))
		return *e->msg ? -1 : 0;
	removed = unbind(cli, uuid, e);
	/* Keep the warm record: it says that the file is ours, so that hornero gc may remove it. */
	if (removed < 0 ||
	    warm_look(c->store_dir, c->cache_dir, uuid, &warm, &state, e) < 0)
		return -1;
	steer_end_of_image(cli, uuid);
	skip_clear(c->skip_dir, uuid);
	/* Without the right to write the store, hornero gc removes the answers later. Another
	 * binding of the UUID does not use them. */
	(void)answer_forget(c->store_dir, uuid, &ignored);
	replace_clear(c->images_dir, uuid);
	if (pause_end(c, uuid, e) < 0)
		return -1;
	bell_ring(c->run_dir);
	if (removed)
		say_removed(cli, uuid, &warm, state);
	else
		change_say(cli, false, "there is no image %s", uuid);
	return change_end(cli, removed, json_pack("{s:s}", "image", uuid));
}
