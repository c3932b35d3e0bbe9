/* restore: `hornero restore`: puts a backup back onto a node that is empty.
 * DIAGNOSTICS: ERR_USAGE for a file that is no whole backup, or a node that is not empty: nothing
 * has changed then. A restore that is killed is marked, and is run again. */
#include "cli/backup.h"

#include "cli/repo.h"
#include "cli/words.h"
#include "conf/keyring.h"
#include "lib/bell.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MARK "restore-incomplete"

static int check_header(int archive, struct err *e)
{
	const char *version = NULL, *node = NULL;
	own_free char *text = NULL;
	json_int_t made_ms = 0;
	struct tar_member m;
	int format = 0, r = tar_find(archive, BACKUP_HEADER, &m, e);
	char date[32] = "";
	struct tm tm;
	time_t s;
	json_t *o;

	if (r < 0 || (r == 1 && tar_read(archive, &m, BACKUP_TEXT_MAX, &text, e) < 0))
		return -1;
	o = text ? json_loads(text, 0, NULL) : NULL;
	r = json_unpack(o, "{s:i, s:s, s:s, s:I}", "format", &format, "hornero", &version, "node",
			&node, "made_ms", &made_ms);
	if (r < 0 || format < 1)
		r = err_set(e, ERR_USAGE, "it is no backup of hornero's");
	else if (format > BACKUP_FORMAT)
		r = err_set(e, ERR_OPERATOR, "it is of format %d, by hornero %.32s, and this "
					     "hornero knows 1 to %d; install the newer hornero",
			    format, version, BACKUP_FORMAT);
	s = (time_t)(made_ms / 1000);
	if (r == 0 && gmtime_r(&s, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (r == 0)
		cli_say(stdout, "a backup of node %.64s, made %s by hornero %.32s", node, date,
			version);
	json_decref(o);
	return r;
}

/* Copies the queue into a file without a name. Returns its descriptor, -1 if the archive has none,
 * -2 on error. */
static int take_queue(const struct conf *c, int archive, struct err *e)
{
	struct tar_member m;
	own_fd int fd = -1;
	int r = tar_find(archive, BACKUP_QUEUE, &m, e);

	if (r <= 0)
		return r < 0 ? -2 : -1;
	fd = backup_nameless(c->queue_dir, e);
	if (fd < 0 || tar_extract(archive, &m, fd, e) < 0 || db_backup_check(fd, e) < 0)
		return -2;
	return steal_fd(&fd);
}

static int one_job(void *arg, const struct job *j)
{
	*(int64_t *)arg = j->id;
	return 1;
}

static void one_repo(void *arg, const char *name)
{
	(void)name;
	*(bool *)arg = true;
}

static int check_keys(const struct conf *c, struct err *e)
{
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *first;

	if (keyring_load(c->keys_file, NULL, NULL, &ring, e) < 0)
		return -1;
	return keyring_entries(ring, &first) == 0
		       ? 0 : err_set(e, ERR_USAGE, "%s has keys already; move it away",
				     c->keys_file);
}

static int check_jobs(const struct conf *c, struct err *e)
{
	struct db_queue queue = cli_queue(c);
	own_db struct db *db = NULL;
	int64_t job = 0;

	if (db_open(&db, &queue, DB_READ, CLI_DB_WAIT_MS, e) < 0)
		return e->sys == ENOENT ? 0 : -1;
	if (job_each(db, JOB_SCOPE_RECENT, one_job, &job, e) < 0)
		return -1;
	return job == 0 ? 0 : err_set(e, ERR_USAGE, "its queue has job %" PRId64, job);
}

static int check_empty(struct cli *cli, struct err *e)
{
	const struct conf *c = cli->conf;
	struct image *images = NULL;
	bool has_repo = false;
	size_t n = 0;

	if (cli_images(cli, &images, &n, e) < 0)
		return -1;
	images_free(images, n);
	if (n > 0)
		return err_set(e, ERR_USAGE, "it has %zu images", n);
	repo_each(c, one_repo, &has_repo);
	if (has_repo)
		return err_set(e, ERR_USAGE, "it has repositories in %s", c->repo_root);
	return check_jobs(c, e) < 0 || check_keys(c, e) < 0 ? -1 : 0;
}

/* A killed restore left the node half filled, and marked: then the same or another backup
 * continues. */
static int check_node(struct cli *cli, struct err *e)
{
	const struct conf *c = cli->conf;
	own_free char *mark = fs_path("%s/" MARK, c->state_dir);

	if (access(c->queue_dir, F_OK) < 0)
		return err_sys(e, ERR_OPERATOR, "%s is not there; run `hornero init` first",
			       c->queue_dir);
	if (cli_agent_runs(c))
		return err_set(e, ERR_USAGE, "hornerod runs; stop it, and hornero-door, first");
	if (access(mark, F_OK) == 0) {
		cli_say(stdout, "an earlier restore did not end; this one continues it");
		return 0;
	}
	return check_empty(cli, e) < 0
		       ? err_wrap(e, "this node is not empty, and nothing was restored") : 0;
}

static int mark(const struct conf *c, bool set, struct err *e)
{
	own_fd int dir = dirs_make(c->state_dir, 0755, NULL, e);
	own_owner struct backup_owner owner = {0};

	if (dir < 0 || backup_act_as_owner(&owner, dir, e) < 0)
		return -1;
	if (set)
		return fs_replace(dir, MARK, "", 0, 0644, e);
	if (FAILSTEP("restore-unmark", unlinkat(dir, MARK, 0)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s/" MARK, c->state_dir);
	return fs_sync_dir(dir, ".", e);
}

static int put_files(const struct conf *c, int archive, int64_t *n, struct err *e)
{
	own_places struct backup_places places;
	struct tar_member m = TAR_FIRST;
	int r, done;

	backup_places_init(&places, c);
	while ((r = tar_next(archive, &m, e)) == 1) {
		done = backup_places_put(&places, archive, &m, e);
		if (done < 0)
			return -1;
		*n += done;
	}
	return r;
}

/* As its owner, so that the database and its logs are never root's. */
static int put_queue(struct cli *cli, int queue, struct err *e)
{
	const struct conf *c = cli->conf;
	struct db_queue where = cli_queue(c);
	own_fd int dir = dirs_make(c->queue_dir, 0755, NULL, e);
	own_owner struct backup_owner owner = {0};

	if (queue < 0)
		return 0;
	if (dir < 0 || backup_act_as_owner(&owner, dir, e) < 0)
		return -1;
	return db_restore(&where, queue, CLI_DB_WAIT_MS, e);
}

/* Artifacts are not in a backup. The restore is over: that the images cannot be listed is no error
 * of it. */
static void say_pins(const struct cli *cli)
{
	struct err ignored = ERR_INIT;
	struct image *list = NULL;
	size_t n = 0;

	if (cli_images(cli, &list, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (list[i].pinned)
			cli_say(stdout,
				"image %s is pinned to release %s: unless the store still has its "
				"artifact, the image waits until `hornero rollback --undo %s`",
				list[i].uuid, list[i].pinned, list[i].uuid);
	images_free(list, n);
}

static int put(struct cli *cli, int archive, int queue, struct err *e)
{
	const struct conf *c = cli->conf;
	int64_t files = 0;

	if (mark(c, true, e) < 0)
		return -1;
	failpoint("restore-marked");
	if (backup_repos_put(c, archive, e) < 0 || put_queue(cli, queue, e) < 0)
		return -1;
	failpoint("restore-queue-put");
	if (put_files(c, archive, &files, e) < 0 || mark(c, false, e) < 0)
		return -1;
	cli_say(stdout, "restored: the queue, the repositories and %" PRId64 " files. Start "
			"hornerod: it builds what is not warm.", files);
	say_pins(cli);
	return 0;
}

int restore_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *path = call->args[0];
	own_fd int archive = -1, queue = -1;
	int64_t repos = 0;

	if (!c)
		return -1;
	archive = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (archive < 0)
		return err_sys(e, ERR_USAGE, "cannot read %s", path);
	if (check_header(archive, e) < 0 || tar_check(archive, e) < 0 ||
	    backup_repos_check(archive, &repos, e) < 0)
		return err_wrap(e, "%s: nothing was restored", path);
	if (check_node(cli, e) < 0)
		return -1;
	queue = take_queue(c, archive, e);
	if (queue == -2)
		return err_wrap(e, "%s: nothing was restored", path);
	cli_say(stdout, "%s is whole: %" PRId64 " repositories%s", path, repos,
		queue < 0 ? ", no queue" : " and the queue");
	if (call_option(call, "dry-run"))
		return 0;
	umask(022);
	return put(cli, archive, queue, e) < 0
		       ? err_wrap(e, "the restore did not end; run it again") : 0;
}
