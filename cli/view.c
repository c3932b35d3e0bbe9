/* view: DIAGNOSTICS: ERR_USAGE if the key lacks a right; ERR_OPERATOR if the keys file is wrong. */
#include "cli/view.h"

#include "cli/words.h"
#include "conf/keyring.h"
#include "lib/own.h"

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static enum key_right right_of(const struct word *w)
{
	static const enum key_right rights[] = {
		[WORD_READ] = KEY_READ,     [WORD_WRITE] = KEY_WRITE, [WORD_CREATE] = KEY_CREATE,
		[WORD_ADMIN] = KEY_ADMIN,   [WORD_NODE] = KEY_ADMIN,  [WORD_HERE] = KEY_ADMIN,
	};

	return rights[w->reach];
}

int view_open(struct cli *cli, struct err *e)
{
	const struct conf *c;

	if (!cli->key_option)
		return 0;
	c = cli_conf(cli, e);
	if (!c || keyring_load(c->keys_file, NULL, NULL, &cli->ring, e) < 0)
		return -1;
	cli->key = keyring_named(cli->ring, cli->key_option);
	if (!cli->key)
		return err_set(e, ERR_USAGE,
			       "no key is named %s; `hornero key list` on the node lists them",
			       cli->key_option);
	return 0;
}

int view_enter(struct cli *cli, const struct word *w, struct err *e)
{
	cli->word = w;
	if (!cli->key)
		return 0;
	if (w->reach == WORD_HERE)
		return err_set(e, ERR_USAGE, "%s works only on the node itself, not with a key",
			       w->name);
	return w->reach == WORD_NODE ? cli_may_node(cli, e) : 0;
}

int view_step_down(struct cli *cli, const struct word *w, struct err *e)
{
	struct err ignored = ERR_INIT;
	const struct conf *c;

	if (geteuid() != 0 || (w->flags & WORD_AS_ROOT))
		return 0;
	/* If the configuration cannot be read, the word itself reports that. */
	c = cli_conf(cli, &ignored);
	if (!c || c->hornero_uid == (uid_t)-1 || c->hornero_uid == 0)
		return 0;
	if (c->queue_gid != (gid_t)-1 &&
	    (setgroups(1, &c->queue_gid) < 0 || setegid(c->queue_gid) < 0))
		return err_sys(e, ERR_OPERATOR, "cannot act as group %u (queue_group)",
			       c->queue_gid);
	if (seteuid(c->hornero_uid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot act as user %u (hornero_user)",
			       c->hornero_uid);
	return 0;
}

int view_leave_root(struct err *e)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if ((uid != getuid() || gid != getgid()) &&
	    (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0))
		return err_sys(e, ERR_OPERATOR, "cannot become user %u (hornero_user)", uid);
	return 0;
}

#ifdef __SANITIZE_ADDRESS__
/* LeakSanitizer uses ptrace, which the kernel refuses after view_step_down has changed the
 * effective user. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return geteuid() != getuid();
}
#endif

int cli_may_node(const struct cli *cli, struct err *e)
{
	if (!cli->key || key_may(cli->key, KEY_ADMIN, NULL))
		return 0;
	return err_set(e, ERR_USAGE,
		       "%s is about the whole node, and the key %s may not: it needs admin=\"*\"",
		       cli->word->name, cli->key->name);
}

bool view_reaches(const struct cli *cli, const struct word *w)
{
	bool reaches = false;

	if (!cli->key || w->reach == WORD_NODE)
		return !cli->key || key_may(cli->key, KEY_ADMIN, NULL);
	for (int right = (int)right_of(w); right < KEY_RIGHTS; right++)
		reaches = reaches || cli->key->patterns[right];
	return reaches && w->reach != WORD_HERE;
}

void view_close(struct cli *cli)
{
	keyring_free(cli->ring);
}

bool view_sees(const struct cli *cli, const char *repo)
{
	return !cli->key || key_may(cli->key, KEY_READ, repo);
}

static bool sees(const void *cli, const char *repo)
{
	return view_sees(cli, repo);
}

void view_apply(const struct cli *cli, struct db *db)
{
	if (cli->key)
		db_view(db, sees, cli);
}

/* Steering builds of a ref needs the same right as pushing to it. */
static bool may(const struct key_entry *key, enum key_right right, const char *repo,
		const char *ref)
{
	return right == KEY_WRITE && ref ? key_may_push(key, repo, ref) : key_may(key, right, repo);
}

int cli_may(const struct cli *cli, const char *repo, const char *ref, struct err *e)
{
	enum key_right right = right_of(cli->word);
	bool of_ref = right == KEY_WRITE && ref;

	if (!cli->key || may(cli->key, right, repo, ref))
		return 0;
	return err_set(e, ERR_USAGE, "the key %s may not %s in %s%s%s: it needs the right %s there",
		       cli->key->name, cli->word->name, repo, of_ref ? ":" : "", of_ref ? ref : "",
		       key_right_name(right));
}

/* A broken image file names no usable repository, so only admins of the node see it. */
static bool sees_image(const struct cli *cli, const struct image *img)
{
	if (cli->key && img->broken)
		return key_may(cli->key, KEY_ADMIN, NULL);
	return view_sees(cli, img->repo);
}

int cli_image(const struct cli *cli, const char *uuid, struct image *out, struct err *e)
{
	own_image struct image img = {0};
	bool broken = image_load(cli->conf->images_dir, uuid, &img, e) < 0;

	/* Even the error in a broken file is shown only to those who may see everything. */
	if (broken && !cli->key)
		return -1;
	img.broken = broken;
	if (!sees_image(cli, &img)) {
		err_set(e, ERR_USAGE, "there is no image %s; `hornero image list` lists them",
			uuid);
		e->sys = ENOENT;
		return -1;
	}
	if (broken || cli_may(cli, img.repo, img.ref, e) < 0)
		return -1;
	*out = img;
	memset(&img, 0, sizeof(img));
	return 0;
}

static bool may_touch(const struct cli *cli, const struct image *img)
{
	struct err ignored = ERR_INIT;

	return sees_image(cli, img) &&
	       (img->broken || cli_may(cli, img->repo, img->ref, &ignored) == 0);
}

int cli_images(const struct cli *cli, struct image **out, size_t *n, struct err *e)
{
	struct image *list = NULL;
	size_t all = 0, kept = 0;

	if (images_load(cli->conf->images_dir, &list, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all; i++) {
		if (may_touch(cli, &list[i]))
			list[kept++] = list[i];
		else
			image_fini(&list[i]);
	}
	*out = list;
	*n = kept;
	return 0;
}

static bool queue_was_damaged(const struct cli *cli)
{
	char newest[64];

	return db_damaged_count(cli->conf->queue_dir, newest) > 0;
}

int cli_job_get(const struct cli *cli, struct db *db, int64_t id, struct job *out, struct err *e)
{
	int found = job_get(db, id, out, e);

	if (found == 0)
		err_set(e, ERR_USAGE,
			"there is no job %" PRId64 "; `hornero queue --all` lists them%s", id,
			queue_was_damaged(cli)
				? " (the queue was damaged once: older jobs are in the file "
				  "that `hornero doctor` names)"
				: "");
	return found > 0 && cli_may(cli, out->repo, out->ref, e) < 0 ? -1 : found;
}

void cli_who(const struct cli *cli, char buf[CLI_WHO_MAX])
{
	const struct passwd *pw = cli->key ? NULL : getpwuid(getuid());

	if (cli->key)
		snprintf(buf, CLI_WHO_MAX, "%s", cli->key->name);
	else if (pw)
		snprintf(buf, CLI_WHO_MAX, "%s", pw->pw_name);
	else
		snprintf(buf, CLI_WHO_MAX, "uid %u", (unsigned)getuid());
}
