/* state/audit.h: the chain, and the ends that a killed writer leaves; lib/shaplain.h beside
 * libcrypto. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/sha.h"
#include "lib/shaplain.h"
#include "state/audit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static char *scratch(void)
{
	char *dir = strdup("/tmp/audit-unit.XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void remove_scratch(char *dir)
{
	struct err e = ERR_INIT;

	assert_int_equal(fs_remove_tree(AT_FDCWD, dir, &e), 0);
	free(dir);
}

static void every_length(void **state)
{
	unsigned char data[300];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(7 * i + 3);
	for (size_t len = 0; len <= sizeof(data); len++) {
		char ours[SHAPLAIN_HEX + 1], theirs[SHA256_HEX + 1];
		struct err e = ERR_INIT;

		assert_int_equal(sha256_buffer(data, len, theirs, &e), 0);
		assert_string_equal(shaplain_hex(data, len, ours), theirs);
	}
}

static void add(const char *dir, const char *event)
{
	own_audit struct audit a = AUDIT_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(audit_open(&a, dir, 0, &e), 0);
	audit_begin(&a, event);
	audit_text(&a, "who", "a\"b\\c\n\xff");
	audit_list(&a, "list");
	audit_word(&a, "x");
	audit_word(&a, "y");
	audit_list_end(&a);
	audit_list(&a, "objects");
	for (int i = 0; i < 2; i++) {
		audit_item(&a);
		audit_number(&a, "i", i);
		audit_item_end(&a);
	}
	audit_list_end(&a);
	assert_int_equal(audit_end(&a, &e), 0);
	assert_int_equal(audit_sync(&a, &e), 0);
}

static char *newest(const char *dir)
{
	own_audit struct audit a = AUDIT_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(audit_open(&a, dir, 0, &e), 0);
	return fs_path("%s/%s", dir, a.name);
}

static char *text_of(const char *path)
{
	struct err e = ERR_INIT;
	char *text;
	size_t len;

	assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &text, &len, &e), 0);
	return text;
}

static void put(const char *path, const char *text)
{
	own_fd int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0660);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
}

/* The line from which text goes on: its number and the digest of the line before. */
static void follows(const char *text, const char *line, int64_t want)
{
	const char *before = line - 1;
	char digest[SHAPLAIN_HEX + 1], prev[SHAPLAIN_HEX + 1];
	int64_t n;

	assert_true(audit_parse(line, strcspn(line, "\n"), &n, prev));
	assert_int_equal(n, want);
	while (before > text && before[-1] != '\n')
		before--;
	assert_string_equal(prev, shaplain_hex(before, (size_t)(line - 1 - before), digest));
}

static void lines_chain(void **state)
{
	char *dir = scratch();
	static const char want[] =
		"\"event\":\"one\",\"who\":\"a\\\"b\\\\c\\\\x0a\\\\xff\","
		"\"list\":[\"x\",\"y\"],\"objects\":[{\"i\":0},{\"i\":1}]}\n";
	own_free char *path = NULL, *text = NULL;
	const char *second;

	(void)state;
	add(dir, "one");
	add(dir, "two");
	path = newest(dir);
	text = text_of(path);
	assert_non_null(strstr(text, "{\"n\":1,\"prev\":\"" AUDIT_FIRST "\",\"at\":\""));
	assert_non_null(strstr(text, want));
	second = strchr(text, '\n') + 1;
	follows(text, second, 2);
	remove_scratch(dir);
}

/* A writer died in the middle of a line, or right after it ended such a piece. */
static void pieces(void **state)
{
	static const char *const ends[] = {"{\"n\":2,\"pr", "{\"n\":2,\"pr\n", "x\ny\nz"};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *dir = scratch();
		own_free char *path = NULL, *text = NULL;
		const char *last;

		add(dir, "one");
		path = newest(dir);
		put(path, ends[i]);
		add(dir, "two");
		text = text_of(path);
		last = strstr(text, "\n{\"n\":2,\"prev\"");
		assert_non_null(last);
		follows(text, last + 1, 2);
		remove_scratch(dir);
	}
}

/* Later files go on with the chain, also if the clock says an earlier month. */
static void files_chain(void **state)
{
	char *dir = scratch();
	own_free char *first = NULL, *later = NULL, *name = NULL, *text = NULL;
	char prev[SHAPLAIN_HEX + 1];
	int64_t n;

	(void)state;
	add(dir, "one");
	first = newest(dir);
	later = fs_path("%s/2001-01.jsonl", dir);
	assert_int_equal(rename(first, later), 0);
	add(dir, "two");
	text = text_of(first);
	assert_true(audit_parse(text, strcspn(text, "\n"), &n, prev));
	assert_int_equal(n, 2);
	assert_string_not_equal(prev, AUDIT_FIRST);
	name = fs_path("%s/9999-12.jsonl", dir);
	put(name, "");
	add(dir, "three");
	free(text);
	text = text_of(name);
	assert_true(audit_parse(text, strcspn(text, "\n"), &n, prev));
	assert_int_equal(n, 3);
	remove_scratch(dir);
}

static void refusals(void **state)
{
	char *dir = scratch(), *big = malloc(3 * AUDIT_LINE_MAX);
	own_free char *path = NULL, *link = NULL;
	struct err e = ERR_INIT;
	struct audit a = AUDIT_INIT;
	struct stat st;

	(void)state;
	add(dir, "one");
	path = newest(dir);
	assert_int_equal(audit_open(&a, dir, 0, &e), 0);
	memset(big, 'x', 3 * AUDIT_LINE_MAX);
	big[3 * AUDIT_LINE_MAX - 1] = '\0';
	audit_begin(&a, "big");
	audit_text(&a, "text", big);
	assert_int_equal(audit_end(&a, &e), -1);
	assert_int_equal(e.class, ERR_US);
	assert_int_equal(a.n, 1);
	audit_close(&a);
	put(path, big);
	assert_int_equal(audit_open(&a, dir, 0, &e), -1);
	assert_int_equal(e.class, ERR_OPERATOR);
	audit_close(&a);
	assert_int_equal(unlink(path), 0);
	link = fs_path("%s/elsewhere", dir);
	assert_int_equal(symlink(link, path), 0);
	assert_int_equal(audit_open(&a, dir, 0, &e), -1);
	assert_int_equal(lstat(link, &st), -1);
	audit_close(&a);
	free(big);
	remove_scratch(dir);
}

static void no_records(void **state)
{
	static const char *const bad[] = {
		"", "{", "{}", "{\"n\":,\"prev\":\"" AUDIT_FIRST "\"}",
		"{\"n\":1,\"prev\":\"" AUDIT_FIRST "\"", "{\"n\":1,\"prev\":\"00\"}",
		"{\"n\":1234567890123456789012,\"prev\":\"" AUDIT_FIRST "\"}",
	};
	char prev[SHAPLAIN_HEX + 1];
	int64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(audit_parse(bad[i], strlen(bad[i]), &n, prev));
	assert_true(audit_is_name("2026-11.jsonl"));
	assert_false(audit_is_name("2026-11.jsonl~"));
	assert_false(audit_is_name("2026-1x.jsonl"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length), cmocka_unit_test(lines_chain),
		cmocka_unit_test(pieces),	cmocka_unit_test(files_chain),
		cmocka_unit_test(refusals),	cmocka_unit_test(no_records),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
