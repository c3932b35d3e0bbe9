/* steer: cancel, retry and sweep, which change the queue. DIAGNOSTICS: ERR_USAGE if the
 * job or image does not allow it. */
#include "cli/steer.h"

#include "cli/view.h"
#include "cli/words.h"
#include "state/skip.h"
#include "lib/bell.h"
#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* Only hornerod can end a running job; it finds run/cancel/JOB. */
static int leave_request(const struct conf *c, int64_t id, struct err *e)
{
	own_free char *dir = fs_path("%s/cancel", c->run_dir);
	own_free char *path = fs_path("%s/%" PRId64, dir, id);
	own_fd int fd = -1;

	if (fs_mkdir_p(dir, 02770, e) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot ask for the end of job %" PRId64 " by %s",
			       id, path);
	bell_ring(c->run_dir);
	return 0;
}

static int ask_agent(const struct conf *c, int64_t id, struct err *e)
{
	if (leave_request(c, id, e) < 0)
		return -1;
	if (cli_agent_runs(c)) {
		cli_say(stdout,
			"job %" PRId64 " is being ended; `hornero wait %" PRId64
			"` tells when it has",
			id, id);
		return 0;
	}
	fprintf(stderr,
		"hornero: job %" PRId64
		" is marked running, but hornerod does not run; the job is cancelled when hornerod "
		"starts\n",
		id);
	return 75;
}

int cancel_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_db struct db *db = NULL;
	own_job struct job j = {0};
	char who[CLI_WHO_MAX];
	int64_t id;
	int done;

	cli_who(cli, who);
	if (cli_job_number(call->args[0], &id, e) < 0 || cli_db(cli, DB_CREATE, &db, e) < 0 ||
	    cli_job_get(cli, db, id, &j, e) <= 0)
		return -1;
	done = job_cancel(db, id, who, e);
	if (done <= 0)
		return done < 0 ? -1 : ask_agent(cli->conf, id, e);
	bell_ring(cli->conf->run_dir);
	printf("job %" PRId64 " is cancelled\n", id);
	return 0;
}

/* At most one runs, one is queued and one is a confirmation. */
struct open_jobs {
	const char *image;
	int64_t ids[8];
	size_t n;
};

static int note_open(void *open_jobs, const struct job *j)
{
	struct open_jobs *o = open_jobs;

	if (strcmp(j->image, o->image) == 0)
		o->ids[o->n++] = j->id;
	return o->n == sizeof(o->ids) / sizeof(o->ids[0]);
}

void steer_end_of_image(struct cli *cli, const char *uuid)
{
	struct open_jobs o = {.image = uuid};
	own_db struct db *db = NULL;
	struct err ignored = ERR_INIT;
	char who[CLI_WHO_MAX];

	if (cli_db(cli, DB_CREATE, &db, &ignored) < 0 ||
	    job_each(db, JOB_SCOPE_OPEN, note_open, &o, &ignored) < 0)
		return;
	cli_who(cli, who);
	for (size_t i = 0; i < o.n; i++)
		if (job_cancel(db, o.ids[i], who, &ignored) == 0)
			(void)leave_request(cli->conf, o.ids[i], &ignored);
}

void steer_say_receipt(const struct job_receipt *r)
{
	if (r->joined)
		printf("job %" PRId64 " was queued for that already\n", r->id);
	else
		cli_say(stdout, "job %" PRId64 " queued; `hornero log -f %" PRId64 "` follows it",
			r->id, r->id);
	if (r->superseded)
		printf("job %" PRId64 " is superseded by it\n", r->superseded);
}

/* The image may follow another repository by now; the right to the job does not cover that. */
int retry_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_image struct image img = {0};
	own_db struct db *db = NULL;
	own_job struct job j = {0};
	struct job_receipt receipt = {0};
	char who[CLI_WHO_MAX];
	int64_t id;

	cli_who(cli, who);
	if (cli_job_number(call->args[0], &id, e) < 0 || cli_db(cli, DB_CREATE, &db, e) < 0 ||
	    cli_job_get(cli, db, id, &j, e) <= 0 ||
	    (cli->key && cli_image(cli, j.image, &img, e) < 0) ||
	    job_retry(db, id, who, &receipt, e) < 0)
		return -1;
	skip_clear(cli->conf->skip_dir, j.image);
	bell_ring(cli->conf->run_dir);
	steer_say_receipt(&receipt);
	return 0;
}

int sweep_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_free char *program = NULL;

	(void)call;
	if (!c)
		return -1;
	program = fs_path("%s/hornero-sweep", c->libexec_dir);
	if (view_leave_root(e) < 0)
		return -1;
	execv(program,
	      (char *const[]){(char[]){"hornero-sweep"}, (char[]){"-c"}, (char *)(uintptr_t)c->path,
			      cli->json ? (char[]){"--json"} : NULL, NULL});
	return err_sys(e, ERR_OPERATOR, "cannot run %s (libexec_dir in hornero.yaml)", program);
}
