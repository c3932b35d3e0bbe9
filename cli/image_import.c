/* image_import: `hornero image import`: binds images that Glance has under the name of a repository
 * of this node. DIAGNOSTICS: a bad name or record is a row with the reason, not an error. */
#include "cli/change.h"
#include "cli/table.h"
#include "cli/words.h"
#include "conf/imagepending.h"
#include "lib/alone.h"
#include "lib/bell.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/offer.h"

#include <string.h>

static const struct column columns[] = {
	{"image", CELL_TEXT, 0}, {"name", CELL_TEXT, 0},  {"repo", CELL_TEXT, 0},
	{"found", CELL_STATE, 0}, {"detail", CELL_TEXT, 0},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct import {
	struct cli *cli;
	const struct conf *c;
	bool yes, follow;
	char node[65];
	size_t asked, wanted;
	struct part rows;
};

/* The states of an offer; only in the last one is there anything to do. */
enum found { FOUND_REFUSED, FOUND_BOUND, FOUND_ASKED, FOUND_NO_REPO, FOUND_ADOPT };
static const char *const found_words[] = {
	[FOUND_REFUSED] = "refused", [FOUND_BOUND] = "bound", [FOUND_ASKED] = "asked",
	[FOUND_NO_REPO] = "no repository", [FOUND_ADOPT] = "adopt",
};

/* Whether text[0..len) is a name of this node: its host name, that without the domain, or the name
 * at which clients find the door. */
static bool is_this_node(const struct import *m, const char *text, size_t len)
{
	size_t full = strlen(m->node), door = m->c->door_name ? strcspn(m->c->door_name, ":") : 0;

	return (len == full && strncasecmp(text, m->node, len) == 0) ||
	       (len > 0 && len == strcspn(m->node, ".") && strncasecmp(text, m->node, len) == 0) ||
	       (door > 0 && len == door && strncasecmp(text, m->c->door_name, len) == 0);
}

/* Returns the repository that git@NODE:/path/repo names, or NULL and the reason. The path may be
 * that of the directory, or begin at repo_root. The caller frees it. */
static char *repo_of(const struct import *m, const char *name, struct err *e)
{
	const char *node = name + strlen(OFFER_PREFIX), *colon = strchr(node, ':');
	size_t root = strlen(m->c->repo_root), len;
	own_free char *repo = NULL;
	const char *path;

	if (!colon || strncmp(name, OFFER_PREFIX, strlen(OFFER_PREFIX)) != 0) {
		err_set(e, ERR_USAGE, "its name is not of the form git@NODE:/path/repo");
		return NULL;
	}
	if (!is_this_node(m, node, (size_t)(colon - node))) {
		err_set(e, ERR_USAGE, "its node %.*s is another one; this is %s",
			(int)(colon - node), node, m->node);
		return NULL;
	}
	path = colon + 1;
	if (strncmp(path, m->c->repo_root, root) == 0 && path[root] == '/')
		path += root;
	path += *path == '/';
	len = strlen(path);
	if (len > 4 && strcmp(path + len - 4, ".git") == 0)
		len -= 4;
	repo = fs_path("%.*s", (int)len, path);
	return image_check_repo(repo, e) < 0 ? NULL : steal_ptr(&repo);
}

static bool has_file(const struct import *m, const char *uuid, const char *ending)
{
	own_free char *file = fs_path("%s/%s%s", m->c->images_dir, uuid, ending);

	return access(file, F_OK) == 0;
}

/* hornero-glance checks again before it adopts the record. */
static enum found look(const struct import *m, const struct offer *o, const char *repo,
		       struct err *e)
{
	own_free char *path = NULL;

	if (has_file(m, o->id, ".yaml"))
		return err_set(e, ERR_USAGE, "`hornero image show %s` shows it", o->id),
		       FOUND_BOUND;
	if (has_file(m, o->id, ".pending"))
		return err_set(e, ERR_USAGE, "`hornero why %s` says more", o->id), FOUND_ASKED;
	if (!repo)
		return FOUND_REFUSED;
	if (strcmp(o->disk_format, "raw") != 0 || strcmp(o->container_format, "bare") != 0)
		return err_set(e, ERR_USAGE, "disk_format is %s and container_format is %s, and "
					     "raw and bare are needed",
			       *o->disk_format ? o->disk_format : "not set",
			       *o->container_format ? o->container_format : "not set"),
		       FOUND_REFUSED;
	if (strcmp(o->status, "active") == 0 && !m->follow)
		return err_set(e, ERR_USAGE, "status is active: Glance keeps its %lld bytes for "
					     "ever, and a node without the image boots them; "
					     "--follow accepts that",
			       (long long)o->size_bytes),
		       FOUND_REFUSED;
	if (strcmp(o->status, "active") != 0 && strcmp(o->status, "queued") != 0)
		return err_set(e, ERR_USAGE, "status is %s, and queued or active is needed",
			       o->status),
		       FOUND_REFUSED;
	path = cli_repo_path(m->c, repo);
	if (access(path, F_OK) < 0)
		return err_set(e, ERR_USAGE, "`hornero repo create %s` makes it", repo),
		       FOUND_NO_REPO;
	err_set(e, ERR_USAGE, "follows refs/heads/main of %s%s", repo,
		m->yes ? "" : "; --yes does it");
	return FOUND_ADOPT;
}

static int ask(struct import *m, const struct offer *o, const char *repo, struct err *e)
{
	own_image struct image img = {0};
	int64_t asked_ms;

	if (image_init(&img, o->id, e) < 0 || image_set(&img, "repo", repo, e) < 0 ||
	    image_set(&img, "glance_record", "adopt", e) < 0 ||
	    (strlen(o->name) <= 200 && image_set(&img, "name", o->name, e) < 0) ||
	    (m->follow && image_set(&img, "glance_stable", "follow", e) < 0))
		return -1;
	m->asked++;
	return imagepending_save(m->c->images_dir, &img, &asked_ms, e);
}

static int take(struct import *m, const struct offer *o, struct err *e)
{
	struct err why = ERR_INIT;
	own_free char *repo = repo_of(m, o->name, &why);
	enum found found = look(m, o, repo, &why);

	m->wanted += found == FOUND_ADOPT;
	if (found == FOUND_ADOPT && m->yes) {
		if (ask(m, o, repo, e) < 0)
			return -1;
		found = FOUND_ASKED;
	}
	part_row(&m->rows, (struct cell[]){{.text = o->id},
					   {.text = o->name},
					   {.text = repo},
					   {.text = found_words[found]},
					   {.text = why.msg}});
	return 0;
}

static void say_end(const struct import *m, size_t n, int64_t seen_ms)
{
	char words[WORDS_MAX];

	if (alone_is_taken(m->c->glance_dir) == 0)
		cli_say(stderr, "hornero: hornero-glance does not run; it looks for such images "
				"when it starts: `systemctl start hornero-glance`");
	if (n == 0 && !m->cli->json)
		cli_say(stdout, "Glance has no image of this project named git@NODE:/path/repo "
				"that is not bound.");
	if (seen_ms > 0)
		cli_say(stderr, "hornero: as hornero-glance saw it %s; `systemctl reload "
				"hornero-glance` has it look again",
			age_words(words, m->cli->now_ms - seen_ms));
	if (m->asked > 0)
		cli_say(stderr, "hornero: %zu images are bound once hornero-glance has adopted "
				"their records; `hornero why UUID` tells",
			m->asked);
}

int image_import_run(struct cli *cli, const struct call *call, struct err *e)
{
	struct import m = {.cli = cli,
			   .c = cli_conf(cli, e),
			   .yes = call_option(call, "yes") != NULL,
			   .follow = call_option(call, "follow") != NULL};
	json_auto_t *about = cli->json ? json_object() : NULL;
	own_free struct offer *list = NULL;
	own_fd int lock = -1;
	int64_t seen_ms;
	size_t n;
	int rc = 0;

	if (!m.c)
		return -1;
	if (!call_option(call, "from-glance"))
		return err_set(e, ERR_USAGE, "`hornero image import` needs --from-glance");
	if (gethostname(m.node, sizeof(m.node) - 1) < 0)
		return err_sys(e, ERR_NOBODY, "cannot tell the name of this node");
	if (offers_load(m.c->glance_dir, &list, &n, &seen_ms, e) < 0)
		return -1;
	if (m.yes)
		lock = images_lock(m.c->images_dir, IMAGES_LOCK_MS, e);
	if (m.yes && lock < 0)
		return -1;
	part_begin(&m.rows, cli, about, "images", columns, N_COLUMNS);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = take(&m, &list[i], e);
	if (m.asked > 0)
		bell_ring(m.c->run_dir);
	/* The only table, so no blank line above it (part_end). */
	if ((!about && listing_end(&m.rows.listing, rc < 0 ? &(struct err){0} : e) < 0) || rc < 0)
		return -1;
	change_end(cli, m.asked > 0, steal_ptr(&about));
	say_end(&m, n, seen_ms);
	return m.yes && m.asked < m.wanted ? 1 : 0;
}
