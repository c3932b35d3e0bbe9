/* diff: DIAGNOSTICS: as db. A commit or log that is gone is said where its part would be. */
#include "cli/diff.h"

#include "cli/newlines.h"
#include "cli/table.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <inttypes.h>
#include <string.h>

enum { GIT_MS = 10000, GIT_BYTES = 1 << 20, FILES_MOST = 100 };

static const struct column stage_columns[] = {
	{"stage", CELL_TEXT, 0},
	{"ms", CELL_DURATION, COLUMN_JSON_ONLY},
	{"good_ms", CELL_DURATION, COLUMN_JSON_ONLY},
	{"now", CELL_DURATION, COLUMN_TEXT_ONLY},
	{"good", CELL_DURATION, COLUMN_TEXT_ONLY},
};

static const struct column file_columns[] = {{"status", CELL_TEXT, 0}, {"file", CELL_TEXT, 0}};

enum { N_STAGE = sizeof(stage_columns) / sizeof(stage_columns[0]), N_STAGES = 7 };

/* The two jobs, and where the result goes. */
struct diff {
	struct cli *cli;
	struct db *db;
	const struct job *job, *good;
	json_t *object; /* NULL: text */
};

static int take_times(void *arg, const struct attempt *a)
{
	const struct attempt_result *r = &a->result;
	const int64_t ms[N_STAGES] = {r->checkout_ms, r->build_ms, r->check_ms, r->boot_ms,
				      r->store_ms, r->cpu_ms, a->ended_ms - a->started_ms};

	memcpy(arg, ms, sizeof(ms));
	return 0;
}

static int stages(const struct diff *d, struct err *e)
{
	static const char *const names[N_STAGES] = {"checkout", "build", "check", "boot",
						    "store", "cpu", "attempt"};
	int64_t now[N_STAGES] = {0}, good[N_STAGES] = {0};
	struct part p;

	if (attempt_each(d->db, d->job->id, take_times, now, e) < 0 ||
	    attempt_each(d->db, d->good->id, take_times, good, e) < 0)
		return -1;
	part_begin(&p, d->cli, d->object, "stages", stage_columns, N_STAGE);
	for (int i = 0; i < N_STAGES; i++)
		if (now[i] > 0 || good[i] > 0)
			part_row(&p, (struct cell[]){{.text = names[i]},
						     {.number = now[i] > 0 ? now[i] : 0},
						     {.number = good[i]},
						     {.number = now[i] > 0 ? now[i] : 0},
						     {.number = good[i]}});
	return part_end(&p, e);
}

/* Has git list the changed paths, each behind its status; NULs end them all. diff-tree runs no
 * program that the repository's configuration names. Returns false if git cannot. */
static bool ask_git(const struct diff *d, char **out, size_t *len)
{
	own_free char *path = cli_repo_path(d->cli->conf, d->job->repo);
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	const char *const argv[] = {"git", git_dir, "-c", "safe.directory=*", "diff-tree", "-r",
				    "-z", "--name-status", "--no-renames", "--no-ext-diff",
				    "--end-of-options", d->good->commit, d->job->commit, NULL};
	struct spawn s = SPAWN_INIT(argv);
	struct err ignored = ERR_INIT;

	return strcmp(d->job->repo, d->good->repo) == 0 &&
	       spawn_capture(&s, GIT_MS, GIT_BYTES, out, len, &ignored) == 0;
}

static void note(const struct diff *d, const char *name, const char *text)
{
	if (d->object)
		json_object_set_new(d->object, name, json_null());
	else
		cli_say(stdout, "%s", text);
}

static int files(const struct diff *d, struct err *e)
{
	own_free char *out = NULL;
	size_t len = 0, n = 0;
	struct part p;

	if (!ask_git(d, &out, &len)) {
		note(d, "files", "The changed files are unknown: git cannot compare the commits.");
		return 0;
	}
	part_begin(&p, d->cli, d->object, "files", file_columns, 2);
	for (const char *at = out, *end = out + len; at < end; n++) {
		const char *file = at + strlen(at) + 1;

		if (file >= end)
			break;
		if (n < FILES_MOST)
			part_row(&p, (struct cell[]){{.text = at}, {.text = file}});
		at = file + strlen(file) + 1;
	}
	if (part_end(&p, e) < 0)
		return -1;
	if (d->object)
		json_object_set_new(d->object, "files_changed", json_integer((json_int_t)n));
	else
		cli_say(stdout, "%zu file%s changed%s.", n, n == 1 ? "" : "s",
			n > FILES_MOST ? "; these are the first 100" : "");
	return 0;
}

static char *log_of(const struct diff *d, const struct job *j)
{
	return fs_path("%s/%" PRId64 ".%" PRId64 ".log", d->cli->conf->log_dir, j->id, j->attempt);
}

static void lines_json(const struct diff *d, const struct newlines *found)
{
	json_t *list = json_array();

	for (size_t i = 0; newlines_at(found, i); i++)
		json_array_append_new(list, text_json(newlines_at(found, i)));
	json_object_set_new(d->object, "log", list);
	json_object_set_new(d->object, "log_lines", json_integer((json_int_t)found->n));
}

static int lines(const struct diff *d, struct err *e)
{
	own_free char *earlier = log_of(d, d->good), *log = log_of(d, d->job);
	struct newlines found;
	int r = newlines_find(&found, earlier, log, e);

	if (r == 0)
		note(d, "log", "The logs cannot be compared: one of them is gone.");
	if (r == 1 && d->object)
		lines_json(d, &found);
	if (r == 1 && !d->object) {
		cli_say(stdout, "%zu line%s of the log %s new, numbers apart%s", found.n,
			found.n == 1 ? "" : "s", found.n == 1 ? "is" : "are",
			found.n > NEWLINES_MOST ? "; these are the last 50:"
			: found.n               ? ":"
						: ".");
		for (size_t i = 0; newlines_at(&found, i); i++)
			cli_say(stdout, "  %s", newlines_at(&found, i));
	}
	newlines_fini(&found);
	return r < 0 ? -1 : 0;
}

static void head(const struct diff *d)
{
	char words[WORDS_MAX];

	if (d->object) {
		json_object_set_new(d->object, "job", json_integer(d->good->id));
		json_object_set_new(d->object, "commit", json_string(d->good->commit));
		return;
	}
	cli_say(stdout, "Compared with job %" PRId64 " (%.12s, %s), the last good build before it:",
		d->good->id, d->good->commit,
		age_since(words, d->good->ended_ms, d->cli->now_ms, &d->cli->clock));
}

int diff_print(struct cli *cli, struct db *db, const struct job *j, json_t *object, struct err *e)
{
	own_job struct job good = {0};
	struct diff d = {.cli = cli, .db = db, .job = j, .good = &good};
	int found = job_last_good(db, j->image, j->id, &good, e);

	if (found < 0)
		return -1;
	if (found == 0) {
		if (object)
			json_object_set_new(object, "diff", json_null());
		else
			cli_say(stdout, "No earlier build of this image was published.");
		return 0;
	}
	if (object) {
		d.object = json_object();
		json_object_set_new(object, "diff", d.object);
	}
	head(&d);
	return stages(&d, e) < 0 || files(&d, e) < 0 ? -1 : lines(&d, e);
}
