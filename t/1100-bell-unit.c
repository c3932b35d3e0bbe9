/* The doorbell: it rings at any depth of directories, never blocks, and may be replaced while
 * clients ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/bell.h"
#include "lib/dirs.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static int make_dir(void **state)
{
	char *dir = fs_path("%s/hornero-bell.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

	*state = dir;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	struct err e = ERR_INIT;
	int removed = fs_remove_tree(AT_FDCWD, *state, &e);

	free(*state);
	return removed;
}

static bool rang(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static char noted[4096];

static void note(void *arg, const char *repo)
{
	(void)arg;
	strncat(noted, repo, sizeof(noted) - strlen(noted) - 1);
	strncat(noted, ";", sizeof(noted) - strlen(noted) - 1);
}

static void rings(void **state)
{
	struct err e = ERR_INIT;
	own_fd int fd = bell_listen(*state, &e);
	own_free char *path = fs_path("%s/doorbell", (char *)*state);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_false(rang(fd));
	bell_ring(*state);
	assert_true(rang(fd));
	bell_drain(fd, note, NULL);
	assert_false(rang(fd));
	assert_string_equal(noted, "");
}

/* A look names its repository. A name that is too long, or none, means all. */
static void tells_where_to_look(void **state)
{
	char longer[BELL_REPO_MAX + 2];
	struct err e = ERR_INIT;
	own_fd int fd = bell_listen(*state, &e);

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	bell_ring(*state);
	assert_true(bell_look(*state, "team/one"));
	assert_true(bell_look(*state, longer + 1));
	assert_true(bell_look(*state, longer));
	assert_true(bell_look(*state, NULL));
	bell_drain(fd, note, NULL);
	assert_int_equal(strlen(noted), strlen("team/one;;;") + BELL_REPO_MAX + 1);
	assert_memory_equal(noted, "team/one;aaa", 12);
	assert_string_equal(noted + strlen(noted) - 4, "a;;;");
	assert_false(bell_was_missed(*state));
}

/* A look that nobody hears leaves a file: if nobody listens, and if the listener does not drain the
 * socket and it fills up. */
static void look_that_is_missed_is_left(void **state)
{
	struct err e = ERR_INIT;
	own_fd int fd = -1;

	assert_false(bell_look(*state, "one"));
	assert_true(bell_was_missed(*state));
	assert_false(bell_was_missed(*state));
	fd = bell_listen(*state, &e);
	for (int i = 0; i < 10000; i++)
		bell_ring(*state);
	assert_false(bell_look(*state, "one"));
	assert_true(bell_was_missed(*state));
}

/* The path is longer than a socket's address may be. */
static void rings_far_down(void **state)
{
	own_free char *deep = fs_path("%s/%0100d/%0100d", (char *)*state, 1, 2);
	struct err e = ERR_INIT;
	own_fd int fd = -1;

	assert_int_equal(fs_mkdir_p(deep, 0755, &e), 0);
	fd = bell_listen(deep, &e);
	assert_true(fd >= 0);
	bell_ring(deep);
	assert_true(rang(fd));
}

/* More rings than the socket holds: clients do not wait, and the bell rings. */
static void never_blocks(void **state)
{
	struct err e = ERR_INIT;
	own_fd int fd = bell_listen(*state, &e);

	assert_true(fd >= 0);
	for (int i = 0; i < 10000; i++)
		bell_ring(*state);
	bell_drain(fd, note, NULL);
	assert_false(rang(fd));
}

static void may_be_missing(void **state)
{
	own_free char *none = fs_path("%s/none", (char *)*state);
	struct err e = ERR_INIT;

	bell_ring(*state);
	bell_ring(none);
	assert_int_equal(bell_listen(none, &e), -1);
	assert_int_equal(e.class, ERR_OPERATOR);
}

/* The socket of a crashed listener is no obstacle; the newest listener hears. */
static void is_replaced(void **state)
{
	struct err e = ERR_INIT;
	own_fd int first = bell_listen(*state, &e);
	own_fd int second = bell_listen(*state, &e);

	assert_true(first >= 0 && second >= 0);
	bell_ring(*state);
	assert_false(rang(first));
	assert_true(rang(second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rings, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(tells_where_to_look, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(look_that_is_missed_is_left, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(rings_far_down, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(never_blocks, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(may_be_missing, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(is_replaced, make_dir, remove_dir),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
