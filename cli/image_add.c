/* image_add: binds an image to its source, and permits replacing a foreign file under its name.
 * DIAGNOSTICS: ERR_USAGE names the argument and the allowed values; ERR_OPERATOR for a broken image
 * file. */
#include "cli/change.h"
#include "cli/image.h"
#include "cli/image_await.h"
#include "cli/table.h"
#include "cli/words.h"
#include "state/githead.h"
#include "conf/keyring.h"
#include "state/replace.h"
#include "lib/bell.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/label.h"
#include "store/nova.h"
#include "store/warm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int set_options(struct image *img, const struct call *call, struct err *e)
{
	static const char *const settings[] = {"ref", "subdir", "builder", "name"};

	if (image_set(img, "repo", call->args[call->nargs - 1], e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const char *value = call_option(call, settings[i]);

		if (value && image_set(img, settings[i], value, e) < 0)
			return -1;
	}
	return 0;
}

/* The file under the image's name in Nova's cache. */
struct lying {
	char *path;
	bool is_there, is_ours;
	struct stat st;
	int64_t born_ns;
};

static void lying_end(struct lying *l)
{
	free(l->path);
}
#define own_lying __attribute__((cleanup(lying_end)))

/* A file is ours by record or label. Only the publisher compares bytes. */
static int look(const struct conf *c, const char *uuid, struct lying *out, struct err *e)
{
	own_fd int fd = -1;
	enum warm_state state;
	char name[SHA1_HEX + 1];
	struct warm w;

	if (nova_cache_name(uuid, name, e) < 0 ||
	    warm_look(c->store_dir, c->cache_dir, uuid, &w, &state, e) < 0)
		return -1;
	out->path = fs_path("%s/%s", c->cache_dir, name);
	out->is_there = lstat(out->path, &out->st) == 0;
	out->born_ns = fs_born_ns(AT_FDCWD, out->path);
	fd = open(out->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	out->is_ours = state == WARM_OK || state == WARM_CHANGED || (fd >= 0 && label_is(fd, uuid));
	return 0;
}

/* A key that may not bind an id learns nothing about it. The message is the same if the id is not
 * allotted, is bound to a repository that the key does not see, or has a foreign file in Nova's
 * cache. */
static int check_id(const struct cli *cli, const char *uuid, const struct lying *l, struct err *e)
{
	own_free char *file = fs_path("%s/%s.yaml", cli->conf->images_dir, uuid);
	own_image struct image img = {0};
	struct err ignored = ERR_INIT;

	if (!cli->key || cli_image(cli, uuid, &img, &ignored) == 0)
		return 0;
	if (key_may_bind(cli->key, uuid) && access(file, F_OK) < 0 && (!l->is_there || l->is_ours))
		return 0;
	return err_set(e, ERR_USAGE,
		       "the key %s may not bind image %s: name a free id that the operator of the "
		       "node allotted to this key (ids in the keys file), or none, and hornero "
		       "makes one",
		       cli->key->name, uuid);
}

/* Returns 1 if it may be replaced now, 0 if there is nothing to replace, -1 on error. */
static int let_go(const struct cli *cli, const char *uuid, const struct lying *l, struct err *e)
{
	char size[WORDS_MAX];

	if (!l->is_there || l->is_ours) {
		change_say(cli, false, "%s %s: there is nothing to replace", l->path,
			   l->is_there ? "is hornero's own" : "is not there");
		return 0;
	}
	if (replace_permit(cli->conf->images_dir, uuid, &l->st, l->born_ns, e) < 0)
		return -1;
	change_say(cli, true,
		   "%s (%s, inode %ju) may be replaced by a build of image %s; this applies to "
		   "that very file, as it is now",
		   l->path, bytes_words(size, l->st.st_size), (uintmax_t)l->st.st_ino, uuid);
	return 1;
}

/* Whether the image is bound as the command says. Options that were not given may differ: `hornero
 * image set` may have changed them since. */
static bool is_as_asked(const struct call *call, const struct image *img, const struct image *want)
{
	const struct {
		const char *option, *has, *wants;
	} pairs[] = {
		{"ref", img->ref, want->ref},
		{"subdir", img->subdir, want->subdir},
		{"builder", img->builder, want->builder},
		{"name", img->name, want->name},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *has = pairs[i].has ? pairs[i].has : "";
		const char *wants = pairs[i].wants ? pairs[i].wants : "";

		if (call_option(call, pairs[i].option) && strcmp(has, wants) != 0)
			return false;
	}
	if (call_option(call, "follow") && img->glance_stable != want->glance_stable)
		return false;
	return strcmp(img->repo, want->repo) == 0 &&
	       (!image_is_awaited(want) || img->glance_record == want->glance_record);
}

/* Looks for an existing binding; --replace accepts one to the same repository. Call this last, so
 * that a key without rights does not learn what is bound. Returns 1 if bound as the command says, 0
 * if not, -1 if it is bound otherwise, or on error. */
static int find_bound(const struct cli *cli, const struct call *call, const struct image *want,
		      bool replace, struct err *e)
{
	own_free char *file = fs_path("%s/%s.yaml", cli->conf->images_dir, want->uuid);
	own_image struct image img = {0};
	bool asked;

	if (access(file, F_OK) < 0)
		return 0;
	if (cli_image(cli, want->uuid, &img, e) < 0)
		return -1;
	asked = is_as_asked(call, &img, want);
	if (!replace && !asked)
		return err_set(e, ERR_USAGE,
			       "image %s is here already, with other settings; `hornero image show "
			       "%s` shows it, `hornero image set %s NAME=VALUE` changes it",
			       want->uuid, want->uuid, want->uuid);
	if (asked || strcmp(img.repo, want->repo) == 0)
		return 1;
	return err_set(e, ERR_USAGE,
		       "image %s follows %s already, not %s; `hornero image show %s` shows it",
		       want->uuid, img.repo, want->repo, want->uuid);
}

static void say_bound(const struct cli *cli, const struct image *img, const struct lying *l,
		      bool replace)
{
	own_free char *repo = cli_repo_shown(cli, img->repo);

	change_say(cli, true, "image %s follows %s of %s%s%s", img->uuid, img->ref, repo,
		   *img->subdir ? ", directory " : "", img->subdir);
	if (l->is_there && !l->is_ours && !replace)
		cli_say(stderr,
			"hornero: %s is in Nova's cache already and is not hornero's; it is not "
			"replaced unless it has the bytes of an artifact of this image; `hornero "
			"image add --replace %s %s` allows that",
			l->path, img->uuid, img->repo);
	if (!cli->json && !cli_agent_runs(cli->conf))
		puts("hornerod does not run: start it, or nothing is built");
}

/* Commits pushed before the image existed may be on a branch that HEAD does not name. Follows no
 * link beneath repo_root. If only git's user may write the repository, the next push or fetch
 * through the door sets HEAD. */
static void settle_head(const struct cli *cli, const struct image *img)
{
	const struct conf *c = cli->conf;
	own_fd int root = open(c->repo_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_free char *name = fs_path("%s.git", img->repo);
	own_fd int repo = root < 0 ? -1 : fs_open_beneath(root, name, O_RDONLY | O_DIRECTORY, 0);

	if (repo >= 0 && githead_follow(repo, img->ref))
		change_say(cli, true,
			   "HEAD of %s named a branch that is not there; it names %s now, for "
			   "clones",
			   img->repo, img->ref);
}

static void settle_bound(const struct cli *cli, const struct image *img, const struct lying *l,
			 bool replace)
{
	bell_ring(cli->conf->run_dir);
	settle_head(cli, img);
	say_bound(cli, img, l, replace);
}

static int take_id(const struct call *call, bool replace, char uuid[UUID_LEN + 1], struct err *e)
{
	if (call->nargs == 2)
		return cli_uuid(call->args[0], uuid, e);
	if (uuid_canonical(call->args[0], uuid))
		return err_set(e, ERR_USAGE,
			       "the repository is missing: `hornero image add %s REPO`", uuid);
	if (replace)
		return err_set(e, ERR_USAGE, "--replace needs the UUID of the image");
	return uuid_random(uuid) ? 0
				 : err_set(e, ERR_NOBODY,
					   "the kernel gives no random bytes for an id; try again");
}

int image_add_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	bool replace = call_option(call, "replace") != NULL;
	own_image struct image img = {0};
	own_lying struct lying l = {0};
	own_fd int lock = -1;
	char uuid[UUID_LEN + 1];
	int bound, let = 0;

	if (!c || take_id(call, replace, uuid, e) < 0)
		return -1;
	if (replace && cli->key)
		return err_set(e, ERR_USAGE,
			       "--replace works only on the node itself, not with a key");
	if (image_init(&img, uuid, e) < 0 || set_options(&img, call, e) < 0 ||
	    image_await_options(cli, call, &img, e) < 0 ||
	    image_check_binding(cli, &img, e) < 0 || look(c, uuid, &l, e) < 0)
		return -1;
	lock = images_lock(c->images_dir, IMAGES_LOCK_MS, e);
	if (lock < 0 || (call->nargs == 2 && check_id(cli, uuid, &l, e) < 0))
		return -1;
	bound = find_bound(cli, call, &img, replace, e);
	if (bound == 0 && image_is_awaited(&img)) {
		int code = image_await_run(cli, call, &img, &lock, e);

		if (code != 0)
			return code;
		settle_bound(cli, &img, &l, replace);
		return change_end(cli, true, json_pack("{s:s}", "image", uuid));
	}
	/* Write the permission first, so that the first publication finds it. */
	if (bound < 0 || (replace && (let = let_go(cli, uuid, &l, e)) < 0) ||
	    (bound == 0 && image_save(c->images_dir, &img, e) < 0))
		return -1;
	if (bound == 0)
		settle_bound(cli, &img, &l, replace);
	else
		bell_ring(c->run_dir);
	if (bound == 1 && !replace)
		change_say(cli, false, "image %s is bound so already", uuid);
	return change_end(cli, bound == 0 || let > 0, json_pack("{s:s}", "image", uuid));
}
