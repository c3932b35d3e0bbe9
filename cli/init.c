/* init: creates or corrects the node's directories and database. DIAGNOSTICS: ERR_OPERATOR if a
 * path is in the way or we lack the rights; earlier steps stay done and are right. */
#include "cli/hostkeys.h"
#include "cli/layout.h"
#include "cli/repo.h"
#include "cli/table.h"
#include "cli/words.h"
#include "conf/good.h"
#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/nova.h"
#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

static const struct column columns[] = {
	{"outcome", CELL_TEXT, 0}, {"path", CELL_TEXT, 0},  {"mode", CELL_TEXT, 0},
	{"owner", CELL_TEXT, 0},   {"group", CELL_TEXT, 0}, {"purpose", CELL_TEXT, 0},
};

/* The rows, and whether one is of a change. */
struct report {
	struct listing l;
	bool changed;
};

static void say(struct report *l, const char *outcome, const char *path, const struct stat *st,
		const char *purpose)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	const struct group *gr = getgrgid(st->st_gid);
	char mode[8], uid[16], gid[16];

	snprintf(mode, sizeof(mode), "%04o", st->st_mode & 07777);
	snprintf(uid, sizeof(uid), "%u", st->st_uid);
	snprintf(gid, sizeof(gid), "%u", st->st_gid);
	l->changed = l->changed || strcmp(outcome, "right") != 0;
	listing_row(&l->l, (struct cell[]){{.text = outcome},
					   {.text = path},
					   {.text = mode},
					   {.text = pw ? pw->pw_name : uid},
					   {.text = gr ? gr->gr_name : gid},
					   {.text = purpose}});
}

/* A directory that exists or was made now, held open. */
struct held {
	int fd;
	struct dir_made how;
	const char *outcome; /* NULL: not checked */
	struct stat st;
};

static int hold(const struct layout_dir *p, struct held *h, struct err *e)
{
	h->fd = dirs_make(p->path, p->mode, &h->how, e);
	return h->fd < 0 ? err_wrap(e,
				    "run `hornero init` as root or change the path in hornero.yaml")
			 : 0;
}

/* The owner of the parent may have moved another directory to this name. So root takes only a
 * directory that belongs to the parent's owner or the right user, or is a mount, which nobody can
 * move. */
static bool may_mend(const struct layout_dir *p, const struct held *h, const struct stat *st)
{
	return geteuid() != 0 || h->how.made || h->how.parent == 0 || st->st_dev != h->how.dev ||
	       st->st_uid == h->how.parent || st->st_uid == p->uid;
}

static int mend(const struct layout_dir *p, struct held *h, struct err *e)
{
	struct stat *st = &h->st;

	if (fstat(h->fd, st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at %s", p->path);
	h->outcome = h->how.made ? "made" : "right";
	if (layout_is_right(p, st))
		return 0;
	if (!may_mend(p, h, st))
		return err_set(e, ERR_OPERATOR,
			       "%s belongs to user %u, in a directory of user %u, who may have put "
			       "it there; if it is the right one: chown %u %s",
			       p->path, st->st_uid, h->how.parent, p->uid, p->path);
	/* Set the owner first: a change of owner may clear the set-group-id bit. */
	if (fchown(h->fd, p->uid, p->gid) < 0 || fchmod(h->fd, p->mode) < 0 || fstat(h->fd, st) < 0)
		return err_sys(e, ERR_OPERATOR,
			       "cannot give %s its owner and mode %04o; run `hornero init` as root",
			       p->path, p->mode);
	if (!layout_is_right(p, st))
		return err_set(e, ERR_OPERATOR,
			       "%s does not take mode %04o; run `hornero init` as root, or as a "
			       "member of its group",
			       p->path, p->mode);
	h->outcome = h->how.made ? "made" : "mended";
	return 0;
}

/* Opens all directories before giving the first away, while nobody else can move one into a
 * directory of root's. Gives them away from the last on, so that after an interrupted run the
 * parents are still root's. */
static int dirs_ensure(const struct layout_dir *list, size_t n, struct report *l, struct err *e)
{
	struct held held[LAYOUT_MAX];
	size_t open = 0;
	int rc = 0;

	while (rc == 0 && open < n) {
		held[open] = (struct held){.fd = -1};
		rc = hold(&list[open], &held[open], e);
		open++;
	}
	for (size_t i = open; rc == 0 && i-- > 0;)
		rc = mend(&list[i], &held[i], e);
	for (size_t i = 0; i < open; i++) {
		if (held[i].outcome)
			say(l, held[i].outcome, list[i].path, &held[i].st, list[i].purpose);
		own_fd_end(&held[i].fd);
	}
	return rc;
}

static int our_places(const struct conf *c, struct report *l, struct err *e)
{
	own_layout struct layout p;

	layout_init(&p, c);
	return dirs_ensure(p.list, p.n, l, e);
}

/* If the publisher is a service of nova's user, Nova is installed and makes its own directories.
 * Otherwise we make them if instances_path is missing or ours. */
static bool may_make_novas(const struct conf *c)
{
	struct stat st;

	if (c->publish_socket)
		return false;
	return stat(c->instances_path, &st) < 0 ? errno == ENOENT : st.st_uid == geteuid();
}

static int nova_places(const struct conf *c, struct report *l, struct err *e)
{
	own_free char *locks = fs_path("%s/" NOVA_LOCKS_SUBDIR, c->instances_path);
	const struct layout_dir list[] = {
		{c->instances_path, 0755, NO_UID, NO_GID, "Nova's instances"},
		{c->cache_dir, 0755, NO_UID, NO_GID, "Nova's cache: the warm images"},
		{locks, 0755, NO_UID, NO_GID, "Nova's locks"},
	};
	const bool ours = may_make_novas(c);
	struct stat st;

	for (const struct layout_dir *d = list; d < list + sizeof(list) / sizeof(list[0]); d++) {
		if (stat(d->path, &st) == 0)
			say(l, "right", d->path, &st, d->purpose);
		else if (errno != ENOENT)
			return err_sys(e, ERR_OPERATOR, "cannot look at Nova's %s", d->path);
		else if (!ours)
			cli_say(stderr,
				"hornero: warning: %s is not there. It is Nova's to make: start "
				"nova-compute and boot one instance, or compare instances_path and "
				"cache_subdir with nova.conf",
				d->path);
		else if (dirs_ensure(d, 1, l, e) < 0)
			return -1;
	}
	return 0;
}

static int ensure_store(const struct conf *c, struct report *l, struct err *e)
{
	const struct layout_dir store = layout_store(c);
	const size_t len = strlen(c->instances_path);

	if (strncmp(c->store_dir, c->instances_path, len) == 0 && c->store_dir[len] == '/' &&
	    access(c->instances_path, F_OK) < 0)
		return err_sys(e, ERR_OPERATOR,
			       "store_dir %s is to be in instances_path %s, which is Nova's to "
			       "make: run `hornero init` again once it is there",
			       c->store_dir, c->instances_path);
	return dirs_ensure(&store, 1, l, e);
}

static int make_database(const struct conf *c, struct report *l, struct err *e)
{
	own_free char *path = fs_path("%s/queue.db", c->queue_dir);
	bool there = access(path, F_OK) == 0;
	struct db_queue queue = cli_queue(c);
	own_db struct db *db = NULL;
	struct stat st;

	if (db_open(&db, &queue, DB_CREATE, CLI_DB_WAIT_MS, e) < 0)
		return -1;
	if (stat(path, &st) < 0)
		return err_sys(e, ERR_US, "the database %s is not where it should be", path);
	say(l, there ? "right" : "made", path, &st, "the queue itself");
	return 0;
}

/* Creates database and store as the user that will use them, so that every file has the right owner
 * from the start. */
static int make_contents(const struct conf *c, struct report *l, struct err *e)
{
	bool change = geteuid() == 0 && c->hornero_uid != NO_UID && c->hornero_uid != 0;
	gid_t gid = getegid();
	int made;

	if (change && c->queue_gid != NO_GID && setegid(c->queue_gid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot act as group %u (queue_group)",
			       c->queue_gid);
	if (change && seteuid(c->hornero_uid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot act as user %u (hornero_user)",
			       c->hornero_uid);
	made = make_database(c, l, e);
	if (made == 0 && store_init(c->store_dir, e) < 0)
		made = -1;
	if (made < 0 && change)
		err_wrap(e, "as user %u (hornero_user)", c->hornero_uid);
	if (change && (seteuid(0) < 0 || setegid(gid) < 0))
		abort();
	return made;
}

static void tell_repository(void *arg, const char *config, const struct err *problem)
{
	struct stat st;

	if (problem)
		cli_say(stderr, "hornero: warning: %s", problem->msg);
	else if (stat(config, &st) == 0)
		say(arg, "mended", config, &st, "the settings of a repository");
}

/* Returns the number of files in a directory, 0 if it cannot be listed. */
static size_t files_in(const char *dir)
{
	own_dir DIR *d = opendir(dir);
	size_t n = 0;

	while (d && readdir(d))
		n++;
	return n;
}

static int make_host_keys(const struct conf *c, struct report *l, struct err *e)
{
	size_t before = files_in(c->door_host_keys);
	int made = hostkeys_make(c, e);

	l->changed = l->changed || files_in(c->door_host_keys) != before;
	return made;
}

/* The copy that services use while the file is broken. */
static void keep_configuration(const struct conf *c, struct report *l)
{
	own_free char *copy = fs_path("%s" CONF_GOOD_ENDING, c->path);
	bool there = access(copy, F_OK) == 0;
	struct err why = ERR_INIT;
	struct stat st;
	int kept = conf_keep_good(c->path, &why);

	if (kept < 0)
		cli_say(stderr, "hornero: warning: no copy of the configuration is kept: %s",
			why.msg);
	else if (kept > 0 && stat(copy, &st) == 0)
		say(l, there ? "mended" : "made", copy, &st,
		    "for services while the configuration is broken");
}

/* With --json the rows are in an object, beside `changed`. */
static int say_all(const struct cli *cli, struct report *l, struct err *e)
{
	int done;

	done = listing_end(&l->l, e);
	if (cli->json)
		printf(", \"changed\": %s}\n", l->changed ? "true" : "false");
	return done;
}

int init_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct report l = {.changed = false};
	struct err ignored = ERR_INIT;
	int made;

	(void)call;
	if (!c)
		return -1;
	/* All users must be able to pass through the parents of our directories, whatever the
	 * caller's umask. */
	umask(022);
	if (cli->json)
		fputs("{\"paths\": ", stdout);
	listing_begin(&l.l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	made = our_places(c, &l, e);
	made = made < 0 ? made : nova_places(c, &l, e);
	made = made < 0 ? made : ensure_store(c, &l, e);
	made = made < 0 ? made : make_contents(c, &l, e);
	if (made == 0)
		keep_configuration(c, &l);
	if (made == 0)
		repo_upgrade(c, tell_repository, &l);
	made = made < 0 ? made : make_host_keys(c, &l, e);
	if (say_all(cli, &l, made < 0 ? &ignored : e) < 0 || made < 0)
		return -1;
	*cli->unchanged = !l.changed;
	cli_note_isolation(cli);
	if (access(c->builders_dir, R_OK | X_OK) < 0)
		cli_say(stderr,
			"hornero: warning: there are no builders: cannot read builders_dir %s: %s",
			c->builders_dir, strerror(errno));
	if (!cli->json && !l.changed)
		cli_say(stdout, "unchanged: everything is as the configuration says");
	else if (!cli->json)
		cli_say(stdout, "next: `hornero repo create NAME`, `hornero image add UUID NAME`, "
				"and start hornerod");
	return 0;
}
