/* facts: DIAGNOSTICS: missing and broken things are facts, not errors; ERR_OPERATOR if the records
 * of the store, or rows of the queue, cannot be read. */
#include "cli/facts.h"

#include "cli/sentence.h"
#include "cli/top.h"
#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/process.h"
#include "state/pause.h"
#include "state/skip.h"

#include <string.h>

/* hornerod holds its lock, and makes no progress. */
static void look_at_agent(struct facts *f, const struct conf *c)
{
	long pid = bell_noted_agent(c->run_dir);
	struct process p;

	if (!f->agent_runs || pid <= 0 || !process_look((pid_t)pid, &p) ||
	    !process_is_stopped(p.state))
		return;
	f->stopped_agent = pid;
	f->agent_state = process_state_words(p.state);
}

void look_begin(struct look *l, const struct cli *cli)
{
	const struct conf *c = cli->conf;

	memset(l, 0, sizeof(*l));
	l->cli = cli;
	l->f.now_ms = clock_wall_ms();
	l->f.clock = &cli->clock;
	l->f.uuid = l->uuid;
	l->f.workers = c->workers;
	l->f.workers_by = c->workers_by;
	l->f.partly = cli->key != NULL;
	l->f.agent_runs = cli_agent_runs(c) == 1;
	l->f.queue_dir = c->queue_dir;
	look_at_agent(&l->f, c);
}

void look_end(struct look *l)
{
	image_fini(&l->img);
	job_fini(&l->job);
	free(l->repo);
	free(l->shown);
	free(l->other_ref);
}

static int count_running(void *arg, const struct job *j)
{
	struct facts *f = arg;

	/* Confirmations give way to other jobs. */
	if (job_is_confirm(j->origin) && !job_is_confirm(f->job->origin))
		return 0;
	f->running++;
	if (strcmp(j->image, f->job->image) == 0)
		f->same_running = j->id;
	return 0;
}

static int look_at_queue(struct look *l, struct db *db, const struct job *j, struct err *e)
{
	struct facts *f = &l->f;

	if (job_each(db, JOB_SCOPE_RUNNING, count_running, f, e) < 0)
		return -1;
	l->queued = *j;
	if (!l->is_brief && job_foresee(db, f->workers, &l->queued, e) < 0)
		return -1;
	f->job = &l->queued;
	f->ahead = l->queued.position ? l->queued.position - 1 : 0;
	if (f->running == 0 || (l->is_brief && f->running >= f->workers))
		return 0;
	return limited_look(l->cli, db, j, f->limited, e);
}

static void look_at_in_use(struct facts *f, const struct image *img)
{
	f->can_flatten = img->in_use != IMAGE_IN_USE_FLATTEN;
	f->can_release = img->in_use != IMAGE_IN_USE_RELEASE_ONLY;
}

static int look_at_job_alone(struct look *l, struct db *db, const struct job *j, struct err *e)
{
	struct facts *f = &l->f;
	const struct conf *c = l->cli->conf;
	own_paused struct paused paused;

	f->job = j;
	paused_load(&paused, c);
	f->is_image_paused = paused_image(&paused, j->image);
	cli_standstill(l->cli, &paused, j, &f->standstill);
	if (j->state == JOB_RUNNING && !f->standstill.kind) {
		starved_look(c, j, 1, &f->percent);
		f->is_starved = f->percent >= 0;
	}
	return j->state == JOB_QUEUED ? look_at_queue(l, db, j, e) : 0;
}

int look_at_job(struct look *l, struct db *db, const struct job *j, struct err *e)
{
	struct err ignored = ERR_INIT;

	memcpy(l->uuid, j->image, sizeof(l->uuid));
	if (j->state == JOB_BUILT && cli_image(l->cli, j->image, &l->img, &ignored) == 0)
		look_at_in_use(&l->f, &l->img);
	return look_at_job_alone(l, db, j, e);
}

static int look_at_cache(struct look *l, struct err *e)
{
	const struct conf *c = l->cli->conf;
	struct facts *f = &l->f;

	f->warm = &l->warm;
	f->age_s = c->cache_minimum_age_s;
	f->grace_s = c->cache_grace_s;
	f->cache_dir = c->cache_dir;
	if (warm_look(c->store_dir, c->cache_dir, l->uuid, &l->warm, &f->warm_state, e) < 0)
		return -1;
	if (f->warm_state != WARM_NONE) {
		if (kept_load(&l->cli->clock, c->store_dir, l->uuid, &f->kept, e) < 0)
			return -1;
		kept_learn(&l->cli->clock, &f->kept, &l->warm, 0);
		l->warm.published_ms = steady_present_ms(&l->cli->clock, l->warm.published_ms);
	}
	return image_wants_release(&l->img)
		       ? placed_look_newest(c->store_dir, c->cache_dir, l->uuid, &f->release,
					    &f->release_state, e)
		       : 0;
}

static void look_at_ref(struct look *l)
{
	const struct conf *c = l->cli->conf;
	struct facts *f = &l->f;

	l->repo = cli_repo_path(c, l->img.repo);
	f->repo_path = l->shown = cli_repo_shown(l->cli, l->img.repo);
	f->repo_there = access(l->repo, F_OK) == 0;
	f->commit = l->commit;
	if (l->seen && cli_ref_is(c, &l->img, l->seen))
		memcpy(l->commit, l->seen, strlen(l->seen) + 1);
	else if (cli_ref_commit(c, &l->img, l->commit, &l->repo_problem) < 0)
		f->repo_problem = l->repo_problem.msg;
	else if (f->repo_there && !*l->commit)
		f->other_ref = l->other_ref = cli_ref_other(c, &l->img);
	f->pinned = image_pin_at(&l->img, l->commit);
	f->skipped = skip_stands(c->skip_dir, &l->img, l->commit);
}

static int look_at_newest(struct look *l, struct db *db, struct err *e)
{
	int found = job_newest(db, l->uuid, &l->job, e);

	return found <= 0 ? found : look_at_job_alone(l, db, &l->job, e);
}

int look_at_image(struct look *l, struct db *db, const struct err *queue, const char *uuid,
		  struct err *e)
{
	memcpy(l->uuid, uuid, sizeof(l->uuid));
	if (cli_image(l->cli, uuid, &l->img, e) < 0) {
		if (e->sys == ENOENT)
			return 0;
		l->img.broken = true;
		l->img.problem = *e;
		l->f.img = &l->img;
		return 0;
	}
	l->f.img = &l->img;
	look_at_in_use(&l->f, &l->img);
	look_at_ref(l);
	if (look_at_cache(l, e) < 0)
		return -1;
	if (db)
		return look_at_newest(l, db, e);
	l->f.queue_missing = queue->class == ERR_NOBODY && queue->sys != EUCLEAN;
	if (!l->f.queue_missing)
		l->f.queue_problem = queue->msg;
	return 0;
}

int clause_of_job(const struct cli *cli, struct db *db, const struct job *j,
		  const struct standstill *standstill, char buf[WHY_MAX], struct err *e)
{
	own_look struct look l;
	struct reason r;

	look_begin(&l, cli);
	if (look_at_job(&l, db, j, e) < 0)
		return -1;
	l.f.standstill = *standstill;
	why_job(&l.f, &r);
	reason_clause(&r, buf);
	return 0;
}
