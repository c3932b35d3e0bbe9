/* cli: what the words share. DIAGNOSTICS: ERR_USAGE for arguments, the rest as conf, db and git say. */
#include "cli/cli.h"

#include "cli/view.h"
#include "cli/words.h"
#include "state/pause.h"
#include "lib/bell.h"
#include "lib/escape.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "store/numbers.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

const struct conf *cli_conf(struct cli *cli, struct err *e)
{
	if (!cli->conf) {
		if (conf_load(&cli->conf, conf_find(cli->conf_option), e) < 0)
			return NULL;
		steady_load(&cli->clock, cli->conf->queue_dir);
	}
	return cli->conf;
}

static int64_t highest(const void *conf)
{
	const struct conf *c = conf;

	return numbers_highest(c->log_dir, c->fence_dir, c->store_dir);
}

struct db_place cli_queue(const struct conf *c)
{
	return (struct db_place){.queue_dir = c->queue_dir, .highest = highest, .highest_arg = c};
}

void cli_heed_damage(const struct cli *cli, const struct err *e)
{
	if (e->sys != EUCLEAN || !cli->conf)
		return;
	bell_ring(cli->conf->run_dir);
	if (bell_is_attended(cli->conf->run_dir) == 0)
		cli_say(stderr, "hornero: hornerod does not run: nothing is mended until it is started");
}

int cli_db(struct cli *cli, enum db_mode mode, struct db **out, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct db_place place;

	if (!c)
		return -1;
	place = cli_queue(c);
	if (db_open(out, &place, mode, CLI_DB_WAIT_MS, e) == 0) {
		view_apply(cli, *out);
		return 0;
	}
	if (e->sys == ENOENT)
		return err_set(e, ERR_NOBODY, "there is no queue in %s yet: `hornero init` makes it, "
			       "and `hornero sweep` fills it from the repositories", c->queue_dir);
	return -1;
}

const char *call_option(const struct call *call, const char *name)
{
	const struct word_option *o = call->word->options;

	for (int i = 0; o && o[i].name; i++)
		if (strcmp(o[i].name, name) == 0)
			return call->values[i];
	abort(); /* a word asks for an option that its table does not have */
}

void cli_note_isolation(const struct cli *cli)
{
	if (cli->conf->isolation == CONF_ISOLATION_NONE)
		fputs("isolation: none (builds run without CPU and memory limits; "
		      "`isolation: cgroup` in hornero.yaml brings them back)\n",
		      cli->json ? stderr : stdout);
}

bool cli_standstill(const struct cli *cli, const struct paused *paused, const struct job *j, char buf[STANDSTILL_MAX])
{
	own_paused struct paused now = {.node = false};

	*buf = '\0';
	if (j->state != JOB_QUEUED && j->state != JOB_RUNNING)
		return false;
	if (!paused) {
		paused_load(&now, cli->conf);
		paused = &now;
	}
	return paused_why(paused, cli->conf, j->image, j->state == JOB_RUNNING, buf);
}

void cli_note_standstill(const struct cli *cli, const struct paused *paused)
{
	char why[STANDSTILL_MAX];

	if (paused_why(paused, cli->conf, NULL, false, why))
		cli_say(cli->json ? stderr : stdout, "nothing starts for now: %s", why);
}

int cli_job_number(const char *text, int64_t *id, struct err *e)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || n < 1)
		return err_set(e, ERR_USAGE, "\"%s\" is no job number; `hornero queue --all` lists them", text);
	*id = n;
	return 0;
}

/* Nova names the cached file by a digest of the id as Glance wrote it, which is in lower case. */
static int check_case(const char *uuid, const char *text, struct err *e)
{
	if (strcmp(uuid, text) == 0)
		return 0;
	return err_set(e, ERR_USAGE, "\"%s\" has capital letters: Nova and Glance write image ids in lower case; use %s", text, uuid);
}

int cli_uuid(const char *text, char uuid[UUID_LEN + 1], struct err *e)
{
	if (!uuid_canonical(text, uuid))
		return err_set(e, ERR_USAGE, "\"%s\" is no image UUID: 36 characters, as "
			       "2b7e1516-28ae-4d2a-abf7-158809cf4f3c; `openstack image list` shows Glance's", text);
	return check_case(uuid, text, e);
}

int cli_job_or_image(const char *text, int64_t *id, char uuid[UUID_LEN + 1], struct err *e)
{
	if (uuid_canonical(text, uuid))
		return check_case(uuid, text, e) < 0 ? -1 : 1;
	if (cli_job_number(text, id, e) < 0)
		return err_set(e, ERR_USAGE, "\"%s\" is neither a job number (`hornero queue --all`) "
			       "nor an image UUID (`hornero image list`)", text);
	return 0;
}

int cli_agent_runs(const struct conf *c)
{
	return bell_is_attended(c->run_dir) == 1;
}

char *cli_repo_path(const struct conf *c, const char *repo)
{
	return fs_path("%s/%s.git", c->repo_root, repo);
}

/* The id that git prints for spec; "" where it has none. Its exit code, or -1. */
static int ask_git(const char *path, const char *spec, char id[CLI_COMMIT_MAX + 1], struct err *e)
{
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	/* The repositories are git's; we only read, and run none of their configuration's programs. */
	const char *const argv[] = {"git", git_dir, "-c", "safe.directory=*", "rev-parse", "--quiet", "--verify", "--end-of-options", spec,
				    NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_free char *out = NULL;
	size_t len = 0;
	int status = spawn_capture(&s, 10000, 4096, &out, &len, e);

	id[0] = '\0';
	if (status < 0)
		return -1;
	len = strcspn(out, "\n");
	if (status == 0 && (len == 40 || len == CLI_COMMIT_MAX)) {
		memcpy(id, out, len);
		id[len] = '\0';
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int cli_ref_commit(const struct conf *c, const struct image *img, char commit[CLI_COMMIT_MAX + 1], struct err *e)
{
	enum { NONE = 1 }; /* of git rev-parse --quiet */
	own_free char *path = cli_repo_path(c, img->repo);
	own_free char *spec = fs_path("%s^{commit}", img->ref);
	char lost[CLI_COMMIT_MAX + 1];
	int rc;

	commit[0] = '\0';
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	rc = ask_git(path, spec, commit, e);
	if (rc == 0 && *commit)
		return 1;
	if (rc >= 0)
		rc = ask_git(path, img->ref, lost, e);
	if (rc < 0)
		return err_wrap(e, "cannot read %s of %s", img->ref, path);
	if (*lost)
		return err_set(e, ERR_OPERATOR, "%s of %s was pushed at %.12s, and an object of that is missing or damaged, or it is no "
			       "commit: `git fsck` in that repository says which; restore it from a backup, or delete the ref there and push "
			       "it again", img->ref, path, lost);
	return rc == NONE ? 0 : err_set(e, ERR_OPERATOR, "git cannot read the repository %s (exit %d): `git fsck` there says why", path, rc);
}
