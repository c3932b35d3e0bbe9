/* repo_list: `hornero repo list`. DIAGNOSTICS: what cannot be read of a mirror is in its row. */
#include "cli/mirroring.h"
#include "cli/repo.h"
#include "cli/table.h"
#include "cli/words.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

static const struct column columns[] = {
	{"repo", CELL_TEXT, 0},
	{"upstream", CELL_TEXT, 0},
	{"state", CELL_STATE, 0},
	{"fetched_ms", CELL_AGE, 0},
	{"current_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"changed_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"rewound", CELL_TEXT, 0},
	{"problem", CELL_TEXT, 0},
};

struct names {
	const struct cli *cli;
	char **list;
	size_t n;
};

static void names_fini(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
}
#define own_names __attribute__((cleanup(names_fini)))

static void add(void *arg, const char *name)
{
	struct names *names = arg;
	struct err ignored = ERR_INIT;
	char **list;

	if (cli_may(names->cli, name, NULL, &ignored) < 0)
		return;
	list = realloc(names->list, (names->n + 1) * sizeof(*list));
	if (!list)
		return;
	names->list = list;
	list[names->n++] = fs_path("%s", name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void row(struct listing *l, const struct conf *c, const char *repo)
{
	struct mirroring g = {.state = MIRRORED_NONE};
	struct err why = ERR_INIT;
	int is_mirror = mirroring_look(c, repo, &g, &why);

	if (is_mirror <= 0)
		memset(&g.m, 0, sizeof(g.m));
	listing_row(l, (struct cell[]){
			       {.text = repo},
			       {.text = is_mirror ? g.url : NULL},
			       {.text = is_mirror > 0 ? mirrored_state_name(g.state) : NULL},
			       {.number = g.m.at_ms},
			       {.number = g.m.current_ms},
			       {.number = g.m.changed_ms},
			       {.text = *g.m.rewound ? g.m.rewound : NULL},
			       {.text = is_mirror < 0 ? why.msg
					: *g.m.reason ? g.m.reason
						      : NULL},
		       });
}

int repo_list_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_names struct names names = {.cli = cli};
	struct listing l;

	(void)call;
	if (!c)
		return -1;
	repo_each(c, add, &names);
	if (names.n > 0)
		qsort(names.list, names.n, sizeof(*names.list), by_name);
	listing_begin(&l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < names.n; i++)
		row(&l, c, names.list[i]);
	if (names.n == 0 && !cli->json)
		cli_say(stdout,
			"There is no repository yet: `hornero repo create NAME` makes one.");
	return listing_end(&l, e);
}
