/* The pure parts of cli/: words for times and sizes, tables, nearest words, outcomes and reasons.
 */
#include "cli/outcome.h"
#include "cli/table.h"
#include "cli/textwidth.h"
#include "cli/why.h"
#include "cli/words.h"
#include "lib/distance.h"
#include "lib/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char buf[WORDS_MAX];

static void ages(void **state)
{
	(void)state;
	assert_string_equal(age_words(buf, 0), "just now");
	assert_string_equal(age_words(buf, 999), "just now");
	assert_string_equal(age_words(buf, 1000), "1 s ago");
	assert_string_equal(age_words(buf, 59999), "59 s ago");
	assert_string_equal(age_words(buf, 60000), "1 min ago");
	assert_string_equal(age_words(buf, 3 * 60000), "3 min ago");
	assert_string_equal(age_words(buf, 3600000), "1 h ago");
	assert_string_equal(age_words(buf, 47 * 3600000LL), "47 h ago");
	assert_string_equal(age_words(buf, 48 * 3600000LL), "2 days ago");
	assert_string_equal(age_words(buf, -500), "in a moment");
	assert_string_equal(age_words(buf, -20000), "in 20 s");
	assert_string_equal(age_words(buf, -600000), "in 10 min");
	assert_true(strlen(age_words(buf, INT64_MAX)) < WORDS_MAX - 1);
}

static void durations_and_sizes(void **state)
{
	(void)state;
	assert_string_equal(duration_words(buf, 340), "340 ms");
	assert_string_equal(duration_words(buf, 1250), "1.2 s");
	assert_string_equal(duration_words(buf, 200000), "3 min 20 s");
	assert_string_equal(duration_words(buf, 3 * 3600000 + 60000), "3 h 1 min");
	assert_string_equal(bytes_words(buf, 0), "0 B");
	assert_string_equal(bytes_words(buf, 1023), "1023 B");
	assert_string_equal(bytes_words(buf, 1024), "1.0 KiB");
	assert_string_equal(bytes_words(buf, 1024 * 1024 - 1), "1023.9 KiB");
	assert_string_equal(bytes_words(buf, 1024 * 1024), "1.0 MiB");
	assert_string_equal(bytes_words(buf, 3LL << 29), "1.5 GiB");
	assert_string_equal(bytes_words(buf, INT64_MAX), "7.9 EiB");
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(text_width("naïve"), 5);
	assert_int_equal(text_width("nai\xcc\x88ve"), 5); /* i and a combining diaeresis */
	assert_int_equal(text_width("日本"), 4);
	assert_int_equal(text_width("a\xff" "b"), 3);
	assert_int_equal(text_fitting("日本語", 5), strlen("日本"));
	assert_int_equal(text_fitting("nai\xcc\x88ve", 3), strlen("nai\xcc\x88"));
	assert_int_equal(text_fitting("naive", 9), 5);
}

/* Returns the output of f in a new string. */
static char *printed(void (*f)(void))
{
	FILE *file = tmpfile();
	int saved = dup(1);
	char *text = calloc(1, 8192);

	fflush(stdout);
	dup2(fileno(file), 1);
	f();
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
	rewind(file);
	assert_true(fread(text, 1, 8191, file) > 0);
	fclose(file);
	return text;
}

static const struct column columns[] = {
	{"job", CELL_NUMBER, 0},      {"state", CELL_STATE, 0},
	{"created_ms", CELL_AGE, 0},  {"ref", CELL_TEXT, COLUMN_JSON_ONLY},
	{"size_bytes", CELL_BYTES, 0}, {"commit", CELL_COMMIT, 0},
	{"note", CELL_TEXT, 0},
};

static void two_rows(const struct cli *cli)
{
	struct listing l;
	struct err e = ERR_INIT;

	listing_begin(&l, cli, columns, 7);
	listing_row(&l, (struct cell[]){{.number = 7},
					{.text = "queued"},
					{.number = 1000},
					{.text = "refs/heads/main"},
					{0},
					{.text = "0123456789abcdef"},
					{.text = "naïve \033[31m\n\xff"}});
	listing_row(&l, (struct cell[]){{.number = 1234},
					{.text = "published"},
					{0},
					{.text = NULL},
					{.number = 2048},
					{.text = ""},
					{.text = ""}});
	assert_int_equal(listing_end(&l, &e), 0);
}

static void print_table(void)
{
	two_rows(&(struct cli){.now_ms = 121000});
}

static void print_colours(void)
{
	two_rows(&(struct cli){.now_ms = 121000, .colour = true});
}

static void print_json(void)
{
	two_rows(&(struct cli){.json = true});
}

static void table_for_people(void **state)
{
	own_free char *text = printed(print_table);

	(void)state;
	assert_string_equal(
		text,
		" JOB  STATE      CREATED       SIZE  COMMIT        NOTE\n"
		"   7  queued     2 min ago           0123456789ab  naïve \\x1b[31m\\x0a\\xff\n"
		"1234  published             2.0 KiB                \n");
}

static void table_in_colour(void **state)
{
	own_free char *text = printed(print_colours);

	(void)state;
	assert_non_null(strstr(text, "\033[32mpublished\033[0m "));
	assert_non_null(strstr(text, "\033[1mSTATE\033[0m"));
	assert_null(strstr(text, "\033[31m"));
}

static void rows_as_json(void **state)
{
	own_free char *text = printed(print_json);
	json_t *rows = json_loads(text, 0, NULL);
	json_t *first = json_array_get(rows, 0), *second = json_array_get(rows, 1);

	(void)state;
	assert_non_null(rows);
	assert_int_equal(json_array_size(rows), 2);
	assert_int_equal(json_integer_value(json_object_get(first, "created_ms")), 1000);
	assert_string_equal(json_string_value(json_object_get(first, "ref")), "refs/heads/main");
	assert_string_equal(json_string_value(json_object_get(first, "commit")),
			    "0123456789abcdef");
	assert_string_equal(json_string_value(json_object_get(first, "note")),
			    "naïve \\x1b[31m\n\\xff");
	assert_true(json_is_null(json_object_get(second, "ref")));
	assert_true(json_is_null(json_object_get(second, "created_ms")));
	assert_null(strchr(text, '\033'));
	json_decref(rows);
}

static void nearest(void **state)
{
	const struct word *near[3];
	const struct cli cli = {.now_ms = 0};

	(void)state;
	words_use(word_table);
	assert_int_equal(edit_distance("queue", "queue"), 0);
	assert_int_equal(edit_distance("queu", "queue"), 1);
	assert_int_equal(edit_distance("qeuue", "queue"), 1);
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(word_nearest(&cli, "quue", near, 3), 1);
	assert_string_equal(near[0]->name, "queue");
	assert_true(word_nearest(&cli, "imgae list", near, 3) >= 1);
	assert_string_equal(near[0]->name, "image list");
	assert_true(word_nearest(&cli, "image ad", near, 3) >= 1);
	assert_string_equal(near[0]->name, "image add");
	assert_int_equal(word_nearest(&cli, "xyzzy", near, 3), 0);
	assert_int_equal(word_nearest(&cli, "", near, 3), 0);
}

static void finding(void **state)
{
	const struct cli cli = {.now_ms = 0};
	int used = 0;

	(void)state;
	assert_string_equal(word_find((char *[]){"image", "add", "x"}, 3, &used)->name,
			    "image add");
	assert_int_equal(used, 2);
	assert_string_equal(word_find((char *[]){"queue", "add"}, 2, &used)->name, "queue");
	assert_int_equal(used, 1);
	assert_null(word_find((char *[]){"image"}, 1, &used));
	assert_null(word_find((char *[]){"imag", "add"}, 2, &used));
	assert_true(word_is_noun(&cli, "image") && word_is_noun(&cli, "repo") &&
		    !word_is_noun(&cli, "queue") && !word_is_noun(&cli, "imag"));
}

static struct job job_in(enum job_state s)
{
	static char empty[] = "", commit[] = "1111111111111111111111111111111111111111",
		    reason[] = "the builder exited 2";

	return (struct job){.id = 42,
			    .image = "00000000-0000-4000-8000-000000000001",
			    .state = s,
			    .repo = empty,
			    .ref = empty,
			    .commit = commit,
			    .built_commit = empty,
			    .origin = empty,
			    .pushed_by = empty,
			    .reason = reason,
			    .waiting_for = empty,
			    .waiting_kind = empty,
			    .attempt = 1,
			    .superseded_by = s == JOB_SUPERSEDED ? 43 : 0};
}

static void outcomes(void **state)
{
	static const int codes[] = {
		[JOB_QUEUED] = -1, [JOB_RUNNING] = -1, [JOB_BUILT] = -1,     [JOB_PUBLISHED] = 0,
		[JOB_FAILED] = 1,  [JOB_HELD] = 75,    [JOB_SUPERSEDED] = 1, [JOB_CANCELLED] = 1};
	const struct standstill none = {.kind = WAITING_NOTHING},
				by = {WAITING_PAUSE, "paused by anna; `hornero resume` ends that"};
	const struct standstill high = {WAITING_PRESSURE, "paused: memory pressure 12.4 % > 10 %"};
	const struct standstill later = {WAITING_UNKNOWN, "of tomorrow"};
	char waits[] = "an instance", kind[] = "instance", brief[] = "lock",
	     unknown[] = "of tomorrow";
	struct job j;

	(void)state;
	for (int s = JOB_QUEUED; s <= JOB_CANCELLED; s++) {
		j = job_in((enum job_state)s);
		assert_int_equal(outcome_code(&j, &none), codes[s]);
	}
	for (int s = JOB_QUEUED; s <= JOB_RUNNING; s++) {
		j = job_in((enum job_state)s);
		assert_int_equal(outcome_code(&j, &by), 75);
		assert_int_equal(outcome_code(&j, &later), 75);
		/* This standstill ends by itself. */
		assert_int_equal(outcome_code(&j, &high), -1);
	}
	j = job_in(JOB_BUILT);
	j.waiting_for = waits;
	j.waiting_kind = kind;
	assert_int_equal(outcome_code(&j, &none), 75);
	j.waiting_kind = brief;
	assert_int_equal(outcome_code(&j, &none), -1);
	j.waiting_kind = unknown;
	assert_int_equal(outcome_code(&j, &none), 75);
}

static void says(const struct facts *f, bool of_job, const char *cause, const char *command)
{
	struct reason r;
	const char *text = r.text;

	(of_job ? why_job : why_image)(f, &r);
	if (!strstr(text, cause) || !strstr(text, command) || text[strlen(text) - 1] != '.')
		fail_msg("\"%s\" lacks \"%s\" or \"%s\" or its end", text, cause, command);
	/* Red with a reason_mend() that names another command than the sentence. */
	for (int i = 0; i < WHY_COMMANDS; i++)
		if (*r.commands[i] && !strstr(f->standstill.text, "hornero resume") &&
		    !strstr(text, r.commands[i]))
			fail_msg("\"%s\" lacks its command \"%s\"", text, r.commands[i]);
}

static void reasons_of_jobs(void **state)
{
	struct job j = job_in(JOB_QUEUED);
	struct facts f = {.now_ms = 100000,
			  .workers = 2,
			  .agent_runs = true,
			  .job = &j,
			  .ahead = 3,
			  .running = 2};

	(void)state;
	says(&f, true, "behind 3 others, and all 2 workers are busy", "workers:");
	f.same_running = 41;
	says(&f, true, "until job 41 of the same image", "hornero cancel 41");
	f.standstill = (struct standstill){WAITING_PRESSURE,
					   "paused: memory pressure 12.4 % > 10 %"};
	says(&f, true, "paused: memory pressure 12.4 % > 10 %", "as all builds of this node do");
	f.is_image_paused = true;
	f.standstill = (struct standstill){WAITING_PAUSE,
					   "paused by anna; `hornero resume U` ends that"};
	says(&f, true, "as all builds of its image do: paused by anna", "hornero resume U");
	j = job_in(JOB_RUNNING);
	says(&f, true, "Job 42 stands still, and its timeouts do not count: paused by anna",
	     "hornero resume U");
	j = job_in(JOB_QUEUED);
	f.is_image_paused = false;
	f.standstill.kind = WAITING_NOTHING;
	f.same_running = f.running = 0;
	says(&f, true, "about to start", "hornero log -f 42");
	j.not_before_ms = 120000;
	says(&f, true, "next attempt in 20 s", "the builder exited 2");
	f.agent_runs = false;
	says(&f, true, "hornerod does not run", "systemctl start hornerod");
	j = job_in(JOB_RUNNING);
	says(&f, true, "was running when hornerod ended", "systemctl start hornerod");
	f.agent_runs = true;
	says(&f, true, "being built, attempt 1", "hornero log -f 42");
	j = job_in(JOB_BUILT);
	says(&f, true, "being published", "hornero wait 42");
	j = job_in(JOB_FAILED);
	says(&f, true, "Job 42 failed: the builder exited 2", "hornero log 42");
	j = job_in(JOB_HELD);
	says(&f, true, "Job 42 is held: the builder exited 2", "hornero retry 42");
	j = job_in(JOB_SUPERSEDED);
	says(&f, true, "superseded by job 43", "newer");
}

static void reasons_of_images(void **state)
{
	static char repo[] = "team/hello", ref[] = "refs/heads/main", always[] = "always",
		    never[] = "never";
	struct job j = job_in(JOB_QUEUED);
	struct image img = {.broken = true,
			    .problem = {.msg = "x.yaml:3:1: unknown setting"},
			    .repo = repo,
			    .ref = ref,
			    .keep_warm = always};
	struct warm warm = {.made.commit = "1111111111111111111111111111111111111111",
			    .made.job = 9,
			    .published_ms = 40000};
	struct facts f = {.now_ms = 100000,
			  .workers = 2,
			  .agent_runs = true,
			  .uuid = "U",
			  .queue_dir = "/q",
			  .repo_path = "/g/h.git",
			  .commit = "",
			  .warm = &warm};

	(void)state;
	says(&f, false, "not registered", "hornero image add U");
	f.img = &img;
	says(&f, false, "x.yaml:3:1: unknown setting", "hornero sweep");
	img.broken = false;
	says(&f, false, "/g/h.git is not there", "hornero repo create team/hello");
	f.repo_there = true;
	says(&f, false, "nothing has been pushed", "git push /g/h.git HEAD:refs/heads/main");
	f.warm_state = WARM_OK;
	says(&f, false, "stays warm at 111111111111, its last artifact", "git push");
	f.commit = warm.made.commit;
	says(&f, false, "is warm at 111111111111 since 1 min ago (job 9)", "nothing needs");
	f.job = &j;
	says(&f, false, "Job 42 is queued", "hornero log -f 42");
	f.commit = "3333333333333333333333333333333333333333";
	f.job = NULL;
	says(&f, false, "warm at 111111111111, but refs/heads/main is at 333333333333",
	     "hornero sweep");
	f.warm_state = WARM_GONE;
	says(&f, false, "gone from Nova's cache", "hornero sweep");
	f.age_s = f.grace_s = 60;
	says(&f, false, "comes back from the store", "60 s after it went");
	says(&f, false, "Nova ages out", "hornero rebuild U");
	f.age_s = 61;
	says(&f, false, "too young for Nova to age it out", "hornero rebuild U");
	img.keep_warm = never;
	says(&f, false, "is no longer kept warm", "keep_warm=always");
	img.keep_warm = always;
	f.warm_state = WARM_FOREIGN;
	says(&f, false, "hornero did not put there", "hornero sweep");
	f.warm_state = WARM_NONE;
	f.agent_runs = false;
	says(&f, false, "no job is queued", "systemctl start hornerod");
	f.queue_missing = true;
	says(&f, false, "no queue in /q", "hornero init");
	f.queue_missing = false;
	j = job_in(JOB_FAILED);
	f.job = &j;
	f.commit = j.commit;
	says(&f, false, "Job 42 failed", "hornero log 42");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages),
		cmocka_unit_test(widths),
		cmocka_unit_test(durations_and_sizes),
		cmocka_unit_test(table_for_people),
		cmocka_unit_test(table_in_colour),
		cmocka_unit_test(rows_as_json),
		cmocka_unit_test(nearest),
		cmocka_unit_test(finding),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(reasons_of_jobs),
		cmocka_unit_test(reasons_of_images),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
