/* backup: `hornero backup`: writes what this node alone knows into one file.
 * DIAGNOSTICS: as the parts. FILE appears complete or not at all; an older one stays until then. */
#include "cli/backup.h"

#include "cli/table.h"
#include "cli/words.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

static int add_header(struct tar_out *t, struct err *e)
{
	char node[256] = "";
	own_free char *text = NULL;
	json_t *o;

	gethostname(node, sizeof(node) - 1);
	o = json_pack("{s:i, s:s, s:s, s:I}", "format", BACKUP_FORMAT, "hornero", PACKAGE_VERSION,
		      "node", node, "made_ms", (json_int_t)clock_wall_ms());
	text = json_dumps(o, JSON_ENSURE_ASCII | JSON_INDENT(1));
	json_decref(o);
	return text ? tar_add(t, BACKUP_HEADER, 0644, text, strlen(text), e)
		    : err_set(e, ERR_NOBODY, "out of memory for a backup");
}

/* A node without a queue has a backup, too: the queue holds history only. */
static int add_queue(struct cli *cli, struct tar_out *t, const char *dir, struct err *e)
{
	own_db struct db *db = NULL;
	struct err why = ERR_INIT;
	own_fd int fd = -1;
	struct stat st;

	if (cli_db(cli, DB_READ, &db, &why) < 0) {
		cli_say(stderr, "hornero: warning: the queue is not in the backup: %s", why.msg);
		return 0;
	}
	fd = db_backup(db, dir, e);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_NOBODY, "cannot look at a file");
	return tar_add_fd(t, BACKUP_QUEUE, 0660, fd, st.st_size, e);
}

/* The queue comes first: a job that is queued after that has its push in the repositories, and the
 * sweep finds it. */
static int fill(struct cli *cli, struct tar_out *t, const char *dir, bool with_bundles,
		int64_t *repos, struct err *e)
{
	own_places struct backup_places places;

	backup_places_init(&places, cli->conf);
	if (add_header(t, e) < 0 || add_queue(cli, t, dir, e) < 0 ||
	    backup_places_save(&places, t, e) < 0 ||
	    backup_repos_save(cli->conf, t, dir, with_bundles, repos, e) < 0)
		return -1;
	failpoint("backup-before-end");
	return tar_end(t, e);
}

/* Gives the file its name in one step, in place of an older one. Of two backups at once, either may
 * rename the other's file, which is complete, too. */
static int give_name(int fd, const char *dir, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	own_free char *from = fs_path("/proc/self/fd/%d", fd);
	own_free char *staging = fs_path("%s/.%s.tmp", dir, slash ? slash + 1 : path);
	int r = -1;

	if (FAILSTEP("backup-sync", fsync(fd)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write %s", path);
	for (int i = 0; r < 0 && i < 10; i++) {
		FAILSTEP("backup-older-clear", unlink(staging));
		r = FAILSTEP("backup-link",
			     linkat(AT_FDCWD, from, AT_FDCWD, staging, AT_SYMLINK_FOLLOW));
		if (r < 0 && errno != EEXIST)
			break;
	}
	if (r < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write %s", staging);
	failpoint("backup-before-rename");
	if (FAILSTEP("backup-rename", rename(staging, path)) < 0 && errno != ENOENT) {
		err_sys(e, ERR_OPERATOR, "cannot put %s into place", path);
		FAILSTEP("backup-undo", unlink(staging));
		return -1;
	}
	return fs_sync_parent(AT_FDCWD, path, e);
}

int backup_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *path = call->args[0], *slash = strrchr(path, '/');
	own_free char *dir = slash ? fs_path("%.*s", slash > path ? (int)(slash - path) : 1, path)
				   : fs_path(".");
	own_tar_out struct tar_out t = {.fd = -1};
	char size[BYTES_WORDS];
	own_fd int fd = -1;
	int64_t repos = 0;
	struct stat st;

	if (!c)
		return -1;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_USAGE, "%s is not a regular file; name a file to replace, or "
					     "a new one", path);
	umask(077);
	fd = backup_nameless(dir, e);
	if (fd < 0 || tar_begin(&t, fd, e) < 0 ||
	    fill(cli, &t, dir, !call_option(call, "no-repositories"), &repos, e) < 0 ||
	    give_name(fd, dir, path, e) < 0)
		return err_wrap(e, "no backup was written");
	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_NOBODY, "cannot look at %s", path);
	cli_say(stdout, "%s: %" PRId64 " files and %" PRId64 " repositories, %s; keep it secret: "
			"it has private keys",
		path, t.files, repos, bytes_words(size, st.st_size));
	return 0;
}
