/* builder_show: `hornero builder show`. DIAGNOSTICS: ERR_USAGE if there is no such builder,
 * ERR_OPERATOR if its file is broken. A version command that fails is a line of the output. */
#include "cli/builder.h"

#include "cli/table.h"
#include "cli/words.h"
#include "conf/setting.h"
#include "conf/tool.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <string.h>
#include <sys/wait.h>

enum { ASK_MS = 10000, OWN_COLUMNS = 4 };

/* HOST:SANDBOX of each, as in the file. */
static char *inputs_words(const struct builder *b)
{
	char *text = fs_path("%s", "");

	for (size_t i = 0; b->inputs && b->inputs[i]; i++) {
		bool same = strcmp(b->inputs[i], b->inputs_at[i]) == 0;
		char *longer = fs_path("%s%s%s%s%s", text, i ? ", " : "", b->inputs[i],
				       same ? "" : ":", same ? "" : b->inputs_at[i]);

		free(text);
		text = longer;
	}
	return text;
}

static char *commands_words(char ***list)
{
	char *text = fs_path("%s", "");

	for (size_t i = 0; list && list[i]; i++) {
		own_free char *command = builder_join(list[i], " ");
		char *longer = fs_path("%s%s%s", text, i ? "; " : "", command);

		free(text);
		text = longer;
	}
	return text;
}

/* The value in force, "" if unset. */
static char *value_words(const struct conf *c, const struct builder *b, const struct setting *k)
{
	const void *at = (const char *)b + k->offset;
	char *text;

	if (strcmp(k->name, "inputs") == 0)
		return inputs_words(b);
	if (strcmp(k->name, "build_timeout") == 0)
		return fs_path("%lld", (long long)(b->build_timeout_s &&
						   b->build_timeout_s < c->build_timeout_s
							   ? b->build_timeout_s
							   : c->build_timeout_s));
	if (k->type == SETTING_LISTS)
		return commands_words(*(char ****)at);
	if (k->type == SETTING_LIST || k->type == SETTING_MAP)
		return builder_join(*(char ***)at, ", ");
	text = settings_text(k, b);
	return text ? text : fs_path("%s", "");
}

/* The first line of a version command, asked as for the content key. */
static char *ask(const struct conf *c, const struct builder *b, char *const *argv)
{
	own_free char *out = NULL;
	struct err why = ERR_INIT;
	char how[64];
	size_t len = 0;
	int status = tool_version(c, b, argv, ASK_MS, -1, &out, &len, &why);

	if (status == 0)
		return fs_path("%.*s", (int)strcspn(out, "\n"), out);
	return fs_path("(%s: %s)", argv[0],
		       status < 0 ? why.msg : spawn_status_text(status, how, sizeof(how)));
}

static char *versions_words(const struct conf *c, const struct builder *b)
{
	char *text = fs_path("%s", "");

	for (size_t i = 0; b->version && b->version[i]; i++) {
		own_free char *said = ask(c, b, b->version[i]);
		char *longer = fs_path("%s%s%s", text, i ? "; " : "", said);

		free(text);
		text = longer;
	}
	return text;
}

static void ignore(void *arg, const char *name, const char *what, const char *mend)
{
	(void)arg;
	(void)name;
	(void)what;
	(void)mend;
}

static void show(const struct cli *cli, const struct conf *c, const struct builder *b)
{
	const size_t n = builder_settings.n + OWN_COLUMNS;
	own_free struct column *columns = calloc(n, sizeof(*columns));
	own_free struct cell *row = calloc(n, sizeof(*row));
	own_free char **texts = calloc(n, sizeof(*texts));
	size_t at = 0;

	if (!columns || !row || !texts)
		abort();
	columns[at] = (struct column){"builder", CELL_TEXT, 0};
	texts[at++] = fs_path("%s", b->name);
	columns[at] = (struct column){"file", CELL_TEXT, 0};
	texts[at++] = fs_path("%s/%s.yaml", c->builders_dir, b->name);
	columns[at] = (struct column){"state", CELL_STATE, 0};
	texts[at++] = fs_path("%s", builder_state(builder_lacks(c, b, ignore, NULL)));
	for (size_t i = 0; i < builder_settings.n; i++) {
		columns[at] = (struct column){builder_settings.list[i].name, CELL_TEXT, 0};
		texts[at++] = value_words(c, b, &builder_settings.list[i]);
	}
	columns[at] = (struct column){"versions", CELL_TEXT, 0};
	texts[at++] = versions_words(c, b);
	for (size_t i = 0; i < n; i++)
		row[i].text = *texts[i] ? texts[i] : NULL;
	if (cli->json)
		json_out(row_json(columns, n, row));
	else
		record_print(cli, columns, n, row);
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
}

int builder_show_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_builders struct builders *all = NULL;
	const struct builder *b;

	if (!c || builders_load(c->builders_dir, &all, e) < 0)
		return -1;
	b = builder_named(c, all, call->args[0], e);
	if (!b)
		return -1;
	show(cli, c, b);
	return 0;
}
