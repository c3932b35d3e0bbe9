/* init: the node's directories and database, made or mended. DIAGNOSTICS: ERR_OPERATOR where a path
 * is in the way or needs rights that we do not have; what was done before stays and is right. */
#include "cli/hostkeys.h"
#include "cli/places.h"
#include "cli/repo.h"
#include "cli/table.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/nova.h"
#include "store/store.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

static const struct column columns[] = {
	{"outcome", CELL_TEXT, 0}, {"path", CELL_TEXT, 0},  {"mode", CELL_TEXT, 0},
	{"owner", CELL_TEXT, 0},   {"group", CELL_TEXT, 0},
};

static void say(struct listing *l, const char *outcome, const char *path, const struct stat *st)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	const struct group *gr = getgrgid(st->st_gid);
	char mode[8], uid[16], gid[16];

	snprintf(mode, sizeof(mode), "%04o", st->st_mode & 07777);
	snprintf(uid, sizeof(uid), "%u", st->st_uid);
	snprintf(gid, sizeof(gid), "%u", st->st_gid);
	listing_row(l, (struct cell[]){{.text = outcome}, {.text = path}, {.text = mode},
				       {.text = pw ? pw->pw_name : uid}, {.text = gr ? gr->gr_name : gid}});
}

/* Make or mend one directory. A link in its place is refused: its directory may belong to a user with
 * fewer rights than ours, who could point it anywhere. */
static int place_ensure(const struct place *p, struct listing *l, struct err *e)
{
	own_fd int fd = -1;
	struct stat st;
	const char *outcome = "right";

	if (lstat(p->path, &st) < 0) {
		if (errno != ENOENT)
			return err_sys(e, ERR_OPERATOR, "cannot look at %s", p->path);
		if (fs_mkdir_p(p->path, p->mode, e) < 0)
			return err_wrap(e, "run `hornero init` as root or change the path in hornero.yaml");
		outcome = "made";
	}
	fd = open(p->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(e, ERR_OPERATOR, "%s is no directory: move it away, or name the directory itself "
			       "in hornero.yaml where it is a link", p->path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open the directory %s", p->path);
	if (!place_is_right(p, &st)) {
		/* The owner first: a change of owner may take the set-group-id bit away. */
		if (fchown(fd, p->uid, p->gid) < 0 || fchmod(fd, p->mode) < 0 || fstat(fd, &st) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot give %s its owner and mode %04o; run `hornero init` "
				       "as root", p->path, p->mode);
		if (!place_is_right(p, &st))
			return err_set(e, ERR_OPERATOR, "%s does not take mode %04o; run `hornero init` as root, or "
				       "as a member of its group", p->path, p->mode);
		outcome = *outcome == 'm' ? outcome : "mended";
	}
	say(l, outcome, p->path, &st);
	return 0;
}

static int our_places(const struct conf *c, struct listing *l, struct err *e)
{
	own_places struct places p;

	places_init(&p, c);
	for (size_t i = 0; i < p.n; i++)
		if (place_ensure(&p.list[i], l, e) < 0)
			return -1;
	return 0;
}

/* Nova's directories are Nova's to make, with Nova's owner. Only where instances_path is not there,
 * or is our own (a scratch node), we make them. */
static int nova_places(const struct conf *c, struct listing *l, struct err *e)
{
	own_free char *locks = fs_path("%s/" NOVA_LOCKS_SUBDIR, c->instances_path);
	const char *const paths[] = {c->instances_path, c->cache_dir, locks};
	struct stat st;
	bool ours = stat(c->instances_path, &st) < 0 ? errno == ENOENT : st.st_uid == geteuid();

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (stat(paths[i], &st) == 0)
			say(l, "right", paths[i], &st);
		else if (errno != ENOENT)
			return err_sys(e, ERR_OPERATOR, "cannot look at Nova's %s", paths[i]);
		else if (!ours)
			cli_say(stderr, "hornero: warning: %s is not there. It is Nova's to make: start nova-compute "
				  "and boot one instance, or compare instances_path and cache_subdir with nova.conf",
				  paths[i]);
		else if (place_ensure(&(struct place){paths[i], 0755, NO_UID, NO_GID}, l, e) < 0)
			return -1;
	}
	return 0;
}

static int make_database(const struct conf *c, struct listing *l, struct err *e)
{
	own_free char *path = fs_path("%s/queue.db", c->queue_dir);
	bool there = access(path, F_OK) == 0;
	struct db_place place = cli_queue(c);
	own_db struct db *db = NULL;
	struct stat st;

	if (db_open(&db, &place, DB_CREATE, CLI_DB_WAIT_MS, e) < 0)
		return -1;
	if (stat(path, &st) < 0)
		return err_sys(e, ERR_US, "the database %s is not where it should be", path);
	say(l, there ? "right" : "made", path, &st);
	return 0;
}

/* Database and store as the user who will use them, so that every file has the right owner from birth. */
static int make_contents(const struct conf *c, struct listing *l, struct err *e)
{
	bool change = geteuid() == 0 && c->hornero_uid != NO_UID && c->hornero_uid != 0;
	gid_t gid = getegid();
	int made;

	if (change && c->queue_gid != NO_GID && setegid(c->queue_gid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot act as group %u (queue_group)", c->queue_gid);
	if (change && seteuid(c->hornero_uid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot act as user %u (hornero_user)", c->hornero_uid);
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
		say(arg, "mended", config, &st);
}

int init_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct listing l;
	struct err ignored = ERR_INIT;
	int made;

	(void)call;
	if (!c)
		return -1;
	/* Parents of our directories are for everybody to pass through, whatever the caller's umask. */
	umask(022);
	listing_begin(&l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	made = our_places(c, &l, e);
	made = made < 0 ? made : nova_places(c, &l, e);
	made = made < 0 ? made : place_ensure(&(struct place){c->store_dir, 0755, c->hornero_uid, NO_GID}, &l, e);
	made = made < 0 ? made : make_contents(c, &l, e);
	if (made == 0)
		repo_upgrade(c, tell_repository, &l);
	if (listing_end(&l, made < 0 ? &ignored : e) < 0 || made < 0 || hostkeys_make(c, e) < 0)
		return -1;
	cli_note_isolation(cli);
	if (access(c->builders_dir, R_OK | X_OK) < 0)
		cli_say(stderr, "hornero: warning: there are no builders: cannot read builders_dir %s: %s",
			  c->builders_dir, strerror(errno));
	if (!cli->json)
		cli_say(stdout, "next: `hornero repo create NAME`, `hornero image add UUID NAME`, and start hornerod");
	return 0;
}
