/* conf-test: helpers that the unit tests of conf/ share. */
#ifndef HORNERO_T_LIB_CONF_TEST_H
#define HORNERO_T_LIB_CONF_TEST_H

#include "lib/err.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* e holds this class and exactly this message. */
#define assert_err(e, want_class, want_msg)                           \
	do {                                                          \
		assert_string_equal((e)->msg, (want_msg));            \
		assert_string_equal(err_class_name((e)->class), err_class_name(want_class)); \
	} while (0)

/* e's message holds this. */
#define assert_err_has(e, part)                                                          \
	do {                                                                             \
		if (!strstr((e)->msg, (part)))                                           \
			fail_msg("\"%s\" is not in \"%s\"", (part), (e)->msg);           \
	} while (0)

/* A scratch directory as the test's state. */
static inline int scratch_make(void **state)
{
	const char *top = getenv("TMPDIR");
	char *dir = fs_path("%s/hornero-t.XXXXXX", top && *top ? top : "/tmp");

	if (!mkdtemp(dir))
		return -1;
	*state = dir;
	return 0;
}

static inline int scratch_remove(void **state)
{
	struct err e = ERR_INIT;
	int bad = fs_remove_tree(AT_FDCWD, *state, &e);

	free(*state);
	return bad;
}

static inline void write_file(const char *path, const char *text)
{
	struct err e = ERR_INIT;

	if (fs_replace(AT_FDCWD, path, text, strlen(text), 0644, &e) < 0)
		fail_msg("%s", e.msg);
}

/* A file of the source directory, NUL-terminated. */
static inline char *read_source(const char *name)
{
	const char *src = getenv("HORNERO_SRC");
	own_free char *path = fs_path("%s/%s", src && *src ? src : ".", name);
	struct err e = ERR_INIT;
	char *text = NULL;
	size_t len;

	if (fs_read(AT_FDCWD, path, 1 << 20, &text, &len, &e) < 0)
		fail_msg("%s", e.msg);
	return text;
}

#endif
