/* The manual and the default file agree with the tables of keys: name, help, range, default. */
#include "t/lib/conf-test.h"

#include "conf/builder.h"
#include "conf/conf.h"
#include "conf/group.h"
#include "conf/image.h"
#include "conf/nodes.h"
#include "conf/repofile.h"
#include "conf/setting.h"

/* Returns text with each directory of `from` that follows `before` replaced by that of `to`. The
 * caller frees it. */
static char *normal(const char *text, const char *const from[3], const char *const to[3],
		    const char *before)
{
	char *out = fs_path("%s", text);

	for (int i = 0; i < 3; i++) {
		own_free char *old = out;
		own_free char *want = fs_path("%s%s", before, from[i]);
		size_t len = strlen(want);
		char *at = old, *hit;

		out = fs_path("%s", "");
		while ((hit = strstr(at, want))) {
			own_free char *head = out;

			out = fs_path("%s%.*s%s%s", head, (int)(hit - at), at, before, to[i]);
			at = hit + len;
		}
		own_free char *head = out;

		out = fs_path("%s%s", head, at);
	}
	return out;
}

/* Longest first: one may be a prefix of another. */
static const char *const built[] = {PKGLIBEXECDIR, SYSCONFDIR "/hornero",
				    LOCALSTATEDIR "/lib/hornero"};
static const char *const manual[] = {"/usr/libexec/hornero", "/etc/hornero", "/var/lib/hornero"};
static const char *const template[] = {"@pkglibexecdir@", "@sysconfdir@/hornero",
				       "@localstatedir@/lib/hornero"};

static char *printed(const struct settings *t, const char *format)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	if (t)
		settings_print(t, out, SETTINGS_MAN);
	else
		conf_print_settings(out, format);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Roff writes a hyphen as \\-, also in the paths of this build. */
static void drop_escapes(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (text[0] != '\\' || text[1] != '-')
			*to++ = *text;
	*to = '\0';
}

/* Expects each block of the printed keys in the page. */
static void expect_blocks(const char *page, char *blocks)
{
	own_free char *text = read_source(page);
	char *block = blocks, *next;

	drop_escapes(text);
	for (; block; block = next) {
		next = strstr(block + 1, ".TP\n");
		if (next)
			next[-1] = '\0';
		if (!strstr(text, block))
			fail_msg("%s does not hold:\n%s", page, block);
	}
}

static void the_manual_has_every_key_of_hornero_yaml(void **state)
{
	own_free char *blocks = printed(NULL, "man");
	own_free char *wanted = NULL;

	(void)state;
	drop_escapes(blocks);
	wanted = normal(blocks, built, manual, "Default: ");
	expect_blocks("doc/hornero.yaml.5", wanted);
}

static void the_manual_has_every_key_of_the_other_files(void **state)
{
	own_free char *builder = printed(&builder_settings, NULL);
	own_free char *group = printed(&group_settings, NULL);
	own_free char *image = printed(&image_settings, NULL);
	own_free char *repofile = printed(&repofile_settings, NULL);
	own_free char *nodes = printed(&nodes_settings, NULL);

	(void)state;
	drop_escapes(builder);
	drop_escapes(group);
	drop_escapes(image);
	drop_escapes(repofile);
	drop_escapes(nodes);
	expect_blocks("doc/hornero-nodes.5", nodes);
	expect_blocks("doc/hornero-builder.5", builder);
	expect_blocks("doc/hornero-group.5", group);
	expect_blocks("doc/hornero-image.5", image);
	expect_blocks("doc/hornero-image.5", repofile);
}

static void the_default_file_is_the_table(void **state)
{
	own_free char *now = printed(NULL, "yaml");
	own_free char *wanted = normal(now, built, template, ": ");
	own_free char *file = read_source("etc/hornero.yaml.in");

	(void)state;
	assert_string_equal(file, wanted);
}

/* The default file changes nothing, not even with the # of every default removed. */
static void every_default_may_be_written_out(void **state)
{
	own_free char *text = printed(NULL, "yaml");
	own_conf struct conf *plain = NULL, *written = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(conf_parse(&plain, "/n/hornero.yaml", text, strlen(text), &e), 0);
	for (char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t len = strcspn(line, "\n");

		if (line[0] == '#' && line[1] != ' ' && line[len - 1] != ':')
			line[0] = ' ';
	}
	if (conf_parse(&written, "/n/hornero.yaml", text, strlen(text), &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(plain->repo_root, written->repo_root);
	assert_string_equal(plain->store_dir, written->store_dir);
	assert_int_equal(plain->build_timeout_s, written->build_timeout_s);
	assert_int_equal(plain->image_size_limit_bytes, written->image_size_limit_bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_has_every_key_of_hornero_yaml),
		cmocka_unit_test(the_manual_has_every_key_of_the_other_files),
		cmocka_unit_test(the_default_file_is_the_table),
		cmocka_unit_test(every_default_may_be_written_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
