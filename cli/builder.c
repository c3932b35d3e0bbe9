/* builder: `hornero builder list`. DIAGNOSTICS: ERR_OPERATOR if builders_dir cannot be read; a
 * broken file is a row with its error. */
#include "cli/builder.h"

#include "cli/table.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

static const struct column columns[] = {
	{"builder", CELL_TEXT, 0},
	{"detect", CELL_TEXT, 0},
	{"instead_of", CELL_TEXT, COLUMN_JSON_ONLY},
	{"group", CELL_TEXT, COLUMN_JSON_ONLY},
	{"state", CELL_STATE, 0},
	{"missing", CELL_TEXT, 0},
	{"file", CELL_TEXT, COLUMN_JSON_ONLY},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const char *builder_state(size_t lacks)
{
	return lacks ? "incomplete" : "usable";
}

char *builder_join(char *const *list, const char *separator)
{
	char *text = fs_path("%s", "");

	for (size_t i = 0; list && list[i]; i++) {
		char *longer = fs_path("%s%s%s", text, i ? separator : "", list[i]);

		free(text);
		text = longer;
	}
	return text;
}

const struct builder *builder_named(const struct conf *c, const struct builders *all,
				    const char *name, struct err *e)
{
	const struct builder *b = builder_find(all, name);

	for (size_t i = 0; !b && i < all->nbroken; i++)
		if (strcmp(all->broken_names[i], name) == 0) {
			*e = all->broken[i];
			return NULL;
		}
	if (!b)
		err_set(e, ERR_USAGE, "there is no builder \"%s\" in %s; `hornero builder list` "
			"lists them", name, c->builders_dir);
	return b;
}

static void add_name(void *arg, const char *name, const char *what, const char *mend)
{
	char **names = arg;
	char *longer = fs_path("%s%s%s", *names, **names ? ", " : "", name);

	(void)what;
	(void)mend;
	free(*names);
	*names = longer;
}

/* Returns whether the node has all that it needs. */
static bool add_row(struct listing *l, const struct conf *c, const struct builder *b)
{
	own_free char *detect = builder_join(b->detect, ", ");
	own_free char *instead = builder_join(b->instead_of, ", ");
	own_free char *file = fs_path("%s/%s.yaml", c->builders_dir, b->name);
	own_free char *missing = fs_path("%s", "");
	size_t n = builder_lacks(c, b, add_name, &missing);

	listing_row(l, (struct cell[N_COLUMNS]){
		{.text = b->name}, {.text = *detect ? detect : NULL},
		{.text = *instead ? instead : NULL}, {.text = b->group},
		{.text = builder_state(n)}, {.text = n ? missing : NULL}, {.text = file}});
	return n == 0;
}

static void add_broken(struct listing *l, const struct conf *c, const struct builders *all,
		       size_t i)
{
	own_free char *file = fs_path("%s/%s.yaml", c->builders_dir, all->broken_names[i]);

	listing_row(l, (struct cell[N_COLUMNS]){
		[0] = {.text = all->broken_names[i]}, [4] = {.text = "broken"},
		[5] = {.text = all->broken[i].msg}, [6] = {.text = file}});
}

int builder_list_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_builders struct builders *all = NULL;
	struct listing l;
	size_t usable = 0;

	(void)call;
	if (!c || builders_load(c->builders_dir, &all, e) < 0)
		return -1;
	listing_begin(&l, cli, columns, N_COLUMNS);
	for (size_t i = 0; i < all->n; i++)
		usable += add_row(&l, c, &all->list[i]);
	for (size_t i = 0; i < all->nbroken; i++)
		add_broken(&l, c, all, i);
	if (listing_end(&l, e) < 0)
		return -1;
	if (!cli->json && usable < all->n + all->nbroken)
		cli_say(stderr, "`hornero builder check NAME` says how to mend that.");
	return 0;
}
