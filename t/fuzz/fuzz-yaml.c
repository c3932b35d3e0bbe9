/* fuzz-yaml: one text read as each of the four kinds of file. Accepted input must keep its
 * promises; a broken promise aborts. clang -fsanitize=fuzzer runs it (make fuzz); a unit test
 * replays corpus/fuzz-yaml. */
#include "fuzz-yaml.h"

#include "conf/builder.h"
#include "conf/check.h"
#include "conf/conf.h"
#include "conf/image.h"
#include "conf/repofile.h"

#include <stdlib.h>
#include <string.h>

#define UUID "2b7e1516-28ae-4d2a-abf7-158809cf4f3c"

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void check_message(const struct err *e, enum err_class class)
{
	promise(e->class == class && strncmp(e->msg, "f:", 2) == 0 &&
		check_clean(e->msg, CHECK_LINE));
}

/* The supervisor accepts each line of an accepted file, whole and in one piece. */
static void check_words(const struct repowords *w)
{
	struct repowords again = {.len = 0};
	struct err e = ERR_INIT;

	for (const char *line = repowords_line(w, NULL); line; line = repowords_line(w, line))
		promise(check_clean(line, CHECK_LINE) && strlen(line) < 600 &&
			repowords_take(&again, line, &e) == 1);
	promise(again.len == w->len && memcmp(again.text, w->text, w->len) == 0);
}

static void try_repofile(const char *text, size_t len)
{
	struct err e = ERR_INIT, why = ERR_INIT;
	struct repofile r;

	if (repofile_parse("f", text, len, &r, &e) < 0)
		check_message(&e, ERR_PUSHER);
	else
		promise(!r.builder[0] || check_name(r.builder, &why) == 0);
	if (e.class == ERR_NONE) {
		check_words(&r.words);
		promise(r.words.len == 0 ||
			repofile_allowed("f", text, len, "b", NULL, &e) < 0);
	}
}

static void try_image(const char *text, size_t len)
{
	struct err e = ERR_INIT, why = ERR_INIT;
	own_image struct image img = {0};

	if (image_parse("f", UUID, text, len, &img, &e) < 0)
		check_message(&e, ERR_OPERATOR);
	else
		promise(img.repo && image_check_repo(img.repo, &why) == 0 &&
			check_ref(img.ref, &why) == 0 &&
			(!*img.subdir || check_relative(img.subdir, &why) == 0));
}

static void try_builder(const char *text, size_t len)
{
	struct err e = ERR_INIT;
	struct builder b = {0};

	if (builder_parse("f", "f", text, len, &b, &e) < 0)
		check_message(&e, ERR_OPERATOR);
	else
		promise(b.argv[0] && strncmp(b.artifact, "/build/", 7) == 0 && b.text_len == len);
	builder_fini(&b);
}

static void try_conf(const char *text, size_t len)
{
	struct err e = ERR_INIT;
	own_conf struct conf *c = NULL;

	if (conf_parse(&c, "f:", text, len, &e) < 0)
		promise(strncmp(e.msg, "f::", 3) == 0 && check_clean(e.msg, CHECK_LINE));
	else
		promise(c->state_dir[0] == '/' && c->compile_core_limit >= 1 &&
			c->compile_core_limit <= 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	try_repofile(text, size);
	try_image(text, size);
	try_builder(text, size);
	try_conf(text, size);
	return 0;
}
