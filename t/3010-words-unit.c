/* The manuals list the entries of the tables of words, in the tables' order. */
#include "t/lib/conf-test.h"

#include "db/job.h"
#include "state/cause.h"
#include "state/standstill.h"
#include "state/waiting.h"

static char *text;
static size_t length;

static FILE *begin(void)
{
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	return out;
}

/* Expects exactly the text of `out` between these two lines of the page. */
static void expect_list(const char *page, const char *from, const char *to, FILE *out)
{
	own_free char *all = read_source(page);
	char *list, *end;

	assert_int_equal(fclose(out), 0);
	list = strstr(all, from);
	assert_non_null(list);
	list += strlen(from);
	end = strstr(list, to);
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(list, text);
	free(text);
}

static void put_cause(FILE *out, const struct cause_entry *c)
{
	fprintf(out, ".TP\n");
	if (c->who == ERR_NONE && !c->is_crash)
		fprintf(out, ".B %s\n", c->name);
	else
		fprintf(out, ".BR %s \" (%s%s%s)\"\n", c->name,
			c->who == ERR_NONE ? "" : err_class_name(c->who),
			c->who != ERR_NONE && c->is_crash ? ", " : "", c->is_crash ? "crash" : "");
	fprintf(out, "%s\n", c->words);
}

/* Red with an entry of state/cause.c changed, added or removed alone. */
static void the_manual_lists_every_cause(void **state)
{
	FILE *out = begin();

	(void)state;
	for (int c = CAUSE_NONE + 1; c < CAUSE_UNKNOWN; c++)
		put_cause(out, cause_entry((enum cause)c));
	expect_list("doc/hornerod.8", "the third holds the job.\n", ".SH EXIT STATUS\n", out);
}

static void a_cause_is_its_name(void **state)
{
	(void)state;
	for (int c = CAUSE_NONE; c < CAUSE_UNKNOWN; c++)
		assert_int_equal(cause_parse(cause_name((enum cause)c)), c);
	assert_int_equal(cause_parse(NULL), CAUSE_NONE);
	assert_int_equal(cause_parse("of tomorrow"), CAUSE_UNKNOWN);
	assert_int_equal(cause_parse("unknown"), CAUSE_UNKNOWN);
}

/* Red with an entry of db/state.c changed, added or removed alone. */
static void the_manual_lists_every_state(void **state)
{
	FILE *out = begin();

	(void)state;
	for (int s = 0; s < JOB_STATES; s++) {
		const struct job_state_entry *entry = job_state_entry((enum job_state)s);

		fprintf(out, ".TP\n.B %s\n%s\n", entry->name, entry->words);
	}
	expect_list("doc/hornero.1", ".SH STATES OF A JOB\n", ".SH WHAT A JOB WAITS FOR\n", out);
}

/* Red with an entry of state/waiting.c changed, added or removed alone. */
static void the_manual_lists_what_a_job_waits_for(void **state)
{
	FILE *out = begin();

	(void)state;
	for (int w = WAITING_NOTHING + 1; w < WAITING_UNKNOWN; w++) {
		const struct waiting_entry *entry = waiting_entry((enum waiting)w);

		fprintf(out, ".TP\n.B%s %s%s\n%s\n", entry->is_brief ? "" : "R", entry->name,
			entry->is_brief ? "" : " \" (75)\"", entry->words);
		assert_int_equal(waiting_parse(entry->name), w);
	}
	assert_int_equal(waiting_parse("of tomorrow"), WAITING_UNKNOWN);
	assert_int_equal(waiting_parse(""), WAITING_NOTHING);
	expect_list("doc/hornero.1", "and hornero wait ends with 75.\n", ".SH PUSH OPTIONS\n", out);
}

/* Red with an is_ended of db/state.c changed alone. */
static void the_schema_knows_every_state(void **state)
{
	own_free char *schema = read_source("db/schema.sql");
	own_free char *ended = fs_path("%s", "");

	(void)state;
	for (int s = 0; s < JOB_STATES; s++) {
		const struct job_state_entry *entry = job_state_entry((enum job_state)s);
		own_free char *quoted = fs_path("'%s'", entry->name);
		own_free char *head = ended;

		assert_non_null(strstr(schema, quoted));
		ended = fs_path("%s%s%s", head, entry->is_ended && *head ? ", " : "",
				entry->is_ended ? quoted : "");
	}
	own_free char *check = fs_path("CHECK ((ended_ms > 0) = (state IN (%s)))", ended);

	assert_non_null(strstr(schema, check));
}

static struct standstill read_back(const char *dir, const char *file)
{
	own_free char *path = fs_path("%s/standstill", dir);
	struct standstill s;

	write_file(path, file);
	assert_true(standstill_read(dir, &s));
	return s;
}

/* Red if standstill_read() does not check the first line. */
static void a_standstill_has_a_kind(void **state)
{
	const struct standstill disk = {WAITING_DISK, "disk: 1 GiB free"},
				none = {.kind = WAITING_NOTHING};
	struct err e = ERR_INIT;
	struct standstill s;

	assert_int_equal(standstill_say(*state, &disk, &e), 0);
	assert_true(standstill_read(*state, &s));
	assert_int_equal(s.kind, WAITING_DISK);
	assert_string_equal(s.text, disk.text);
	s = read_back(*state, "paused: memory pressure"); /* from an older version */
	assert_int_equal(s.kind, WAITING_UNKNOWN);
	assert_string_equal(s.text, "paused: memory pressure");
	s = read_back(*state, "kind=moon\nthe moon is full"); /* from a newer one */
	assert_int_equal(s.kind, WAITING_UNKNOWN);
	assert_string_equal(s.text, "the moon is full");
	assert_int_equal(standstill_say(*state, &none, &e), 0);
	assert_false(standstill_read(*state, &s));
	assert_int_equal(s.kind, WAITING_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_lists_every_cause),
		cmocka_unit_test(a_cause_is_its_name),
		cmocka_unit_test(the_manual_lists_every_state),
		cmocka_unit_test(the_manual_lists_what_a_job_waits_for),
		cmocka_unit_test(the_schema_knows_every_state),
		cmocka_unit_test_setup_teardown(a_standstill_has_a_kind, scratch_make,
						scratch_remove),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
