/* fleet: `hornero fleet` asks the nodes of nodes.yaml and compares what is warm. DIAGNOSTICS: as
 * nodes says; a node that does not answer is a row, not an error. */
#include "cli/fleet.h"

#include "cli/table.h"
#include "cli/words.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <errno.h>
#include <string.h>

enum { LIMIT_MS = 10000, HEAD_LINES = 4 };

static const struct column node_columns[] = {
	{"node", CELL_TEXT, 0},
	{"is_answered", CELL_BOOL, 0},
	{"took_ms", CELL_NUMBER, 0},
	{"images", CELL_NUMBER, 0},
	{"lagging", CELL_NUMBER, 0},
	{"problem", CELL_TEXT, 0},
};
static const struct column image_columns[] = {
	{"image", CELL_TEXT, 0},
	{"name", CELL_TEXT, 0},
	{"repo", CELL_TEXT, 0},
	{"ref", CELL_TEXT, COLUMN_JSON_ONLY},
	{"newest_commit", CELL_COMMIT, 0},
	{"nodes", CELL_NUMBER, 0},
	{"warm", CELL_NUMBER, 0},
	{"lagging", CELL_NUMBER, 0},
};
static const struct column row_columns[] = {
	{"node", CELL_TEXT, 0},
	{"image", CELL_TEXT, 0},
	{"state", CELL_STATE, 0},
	{"commit", CELL_COMMIT, 0},
	{"published_ms", CELL_AGE, 0},
	{"wanted_commit", CELL_COMMIT, 0},
	{"wanted_ms", CELL_AGE, COLUMN_JSON_ONLY},
	{"job", CELL_ID, 0},
	{"job_state", CELL_STATE, 0},
	{"is_lagging", CELL_BOOL, 0},
	{"reason", CELL_TEXT, 0},
};
enum {
	N_NODE = sizeof(node_columns) / sizeof(node_columns[0]),
	N_IMAGE = sizeof(image_columns) / sizeof(image_columns[0]),
	N_ROW = sizeof(row_columns) / sizeof(row_columns[0]),
};

struct looking {
	struct cli *cli;
	struct live live;
	struct nodes nodes;
	int limit_ms;
	bool all;
	struct answer_of *answers; /* of the last look */
	struct fleet fleet;
};

static void node_cells(const struct looking *w, size_t i, struct cell cells[N_NODE])
{
	const struct answer_of *a = &w->answers[i];

	memcpy(cells, (struct cell[N_NODE]){
		{.text = a->node},
		{.number = a->is_valid},
		{.number = a->took_ms},
		{.number = (int64_t)a->rows},
		{.number = (int64_t)a->lagging},
		{.text = *a->problem ? a->problem : NULL},
	}, N_NODE * sizeof(*cells));
}

static void image_cells(const struct looking *w, size_t i, struct cell cells[N_IMAGE])
{
	const struct fleet_image *m = &w->fleet.images[i];

	memcpy(cells, (struct cell[N_IMAGE]){
		{.text = m->first->image},
		{.text = *m->first->name ? m->first->name : NULL},
		{.text = m->first->repo},
		{.text = m->first->ref},
		{.text = *m->newest ? m->newest : NULL},
		{.number = (int64_t)m->nodes},
		{.number = (int64_t)m->warm},
		{.number = (int64_t)m->lagging},
	}, N_IMAGE * sizeof(*cells));
}

static void row_cells(const struct looking *w, size_t i, struct cell cells[N_ROW])
{
	const struct fleet_row *r = &w->fleet.rows[i];

	memcpy(cells, (struct cell[N_ROW]){
		{.text = r->from->node},
		{.text = r->image},
		{.text = r->state},
		{.text = *r->commit ? r->commit : NULL},
		{.number = r->published_ms},
		{.text = *r->wanted ? r->wanted : NULL},
		{.number = r->wanted_ms},
		{.number = r->job},
		{.text = *r->job_state ? r->job_state : NULL},
		{.number = r->lags},
		{.text = *r->reason ? r->reason : NULL},
	}, N_ROW * sizeof(*cells));
}

/* Returns the rows as an array. */
static json_t *array(const struct looking *w, size_t n, const struct column *columns,
		     size_t ncolumns, void (*cells)(const struct looking *, size_t, struct cell *))
{
	struct cell row[LISTING_COLUMNS_MAX];
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		cells(w, i, row);
		json_array_append_new(list, row_json(columns, ncolumns, row));
	}
	return list;
}

static size_t unanswered(const struct looking *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->nodes.n; i++)
		n += !w->answers[i].is_valid;
	return n;
}

static size_t lagging(const struct looking *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->fleet.n; i++)
		n += w->fleet.rows[i].lags;
	return n;
}

static void print_json(const struct looking *w)
{
	json_t *o = json_object();

	json_object_set_new(o, "is_same", json_boolean(!unanswered(w) && !lagging(w)));
	json_object_set_new(o, "nodes", array(w, w->nodes.n, node_columns, N_NODE, node_cells));
	json_object_set_new(o, "images",
			    array(w, w->fleet.n_images, image_columns, N_IMAGE, image_cells));
	json_object_set_new(o, "rows", array(w, w->fleet.n, row_columns, N_ROW, row_cells));
	json_out(o);
}

static int print_images(const struct looking *w, size_t most, struct err *e)
{
	struct cell cells[N_IMAGE];
	struct listing l;

	listing_begin(&l, w->cli, image_columns, N_IMAGE);
	for (size_t i = 0; i < w->fleet.n_images && i < most; i++) {
		image_cells(w, i, cells);
		listing_row(&l, cells);
	}
	return listing_end(&l, e);
}

static int print_rows(const struct looking *w, size_t most, struct err *e)
{
	struct cell cells[N_ROW];
	struct listing l;
	size_t shown = 0;

	if (!w->all && lagging(w) == 0)
		return 0;
	putchar('\n');
	listing_begin(&l, w->cli, row_columns, N_ROW);
	for (size_t i = 0; i < w->fleet.n && shown < most; i++) {
		if (!w->all && !w->fleet.rows[i].lags)
			continue;
		row_cells(w, i, cells);
		listing_row(&l, cells);
		shown++;
	}
	return listing_end(&l, e);
}

static void print_sum(const struct looking *w)
{
	size_t silent = unanswered(w), behind = lagging(w);

	for (size_t i = 0; i < w->nodes.n; i++)
		if (!w->answers[i].is_valid)
			cli_say(stdout, "no answer from %s: %s", w->answers[i].node,
				w->answers[i].problem);
	if (silent == 0 && behind == 0)
		cli_say(stdout, "%zu node%s answered: all have the same commits warm.", w->nodes.n,
			w->nodes.n == 1 ? "" : "s");
	else
		cli_say(stdout, "%zu of %zu node%s answered; %zu image%s of a node lag%s.",
			w->nodes.n - silent, w->nodes.n, w->nodes.n == 1 ? "" : "s", behind,
			behind == 1 ? "" : "s", behind == 1 ? "s" : "");
}

/* On a screen the sum comes first, since rows may not fit. */
static int print_text(struct looking *w, struct err *e)
{
	size_t room;

	live_home(&w->live);
	if (w->live.drawn)
		print_sum(w);
	room = live_rows(&w->live, w->fleet.n + w->fleet.n_images, HEAD_LINES + unanswered(w));
	if (w->fleet.n_images > 0 &&
	    (print_images(w, room, e) < 0 ||
	     print_rows(w, room > w->fleet.n_images ? room - w->fleet.n_images : 0, e) < 0))
		return -1;
	if (!w->live.drawn && w->fleet.n_images > 0)
		putchar('\n');
	if (!w->live.drawn)
		print_sum(w);
	return 0;
}

static void forget(struct looking *w)
{
	for (size_t i = 0; w->answers && i < w->nodes.n; i++)
		free(w->answers[i].text);
	free(w->answers);
	w->answers = NULL;
	fleet_fini(&w->fleet);
}

static int look(void *arg, struct err *e)
{
	struct looking *w = arg;

	forget(w);
	w->answers = calloc(w->nodes.n, sizeof(*w->answers));
	if (!w->answers)
		return err_set(e, ERR_NOBODY, "out of memory for %zu nodes", w->nodes.n);
	if (!fleet_ask(&w->nodes, w->limit_ms, &w->live, w->answers))
		return 0;
	for (size_t i = 0; i < w->nodes.n; i++) {
		if (w->answers[i].is_valid && fleet_read(&w->answers[i], &w->fleet, e) < 0)
			return -1;
		free(steal_ptr(&w->answers[i].text));
	}
	if (fleet_compare(&w->fleet, e) < 0)
		return -1;
	w->cli->now_ms = clock_wall_ms();
	if (w->cli->json)
		print_json(w);
	else if (print_text(w, e) < 0)
		return -1;
	return unanswered(w) || lagging(w);
}

static int load(struct looking *w, const char *named, struct err *e)
{
	const char *conf = conf_find(w->cli->conf_option), *slash = strrchr(conf, '/');
	own_free char *path = named ? fs_path("%s", named)
				    : fs_path("%.*snodes.yaml", slash ? (int)(slash - conf) + 1 : 0,
					      conf);

	if (nodes_load(path, &w->nodes, e) == 0)
		return 0;
	return e->sys == ENOENT && !named
		       ? err_set(e, ERR_OPERATOR,
				 "there is no %s; hornero-nodes(5) says how to write it", path)
		       : -1;
}

int fleet_run(struct cli *cli, const struct call *call, struct err *e)
{
	const char *limit = call_option(call, "timeout");
	bool watch = call_option(call, "watch");
	struct looking w = {.cli = cli, .limit_ms = LIMIT_MS};
	int done;

	w.all = call_option(call, "all");
	if (live_open(&w.live, cli, call, watch ? LIVE_FOREVER : 1, e) < 0 ||
	    (limit && live_seconds("--timeout", limit, 0.1, &w.limit_ms, e) < 0) ||
	    load(&w, call_option(call, "nodes"), e) < 0)
		return -1;
	if (!watch) {
		w.live.drawn = false;
		w.live.left = 1;
	}
	done = live_run(&w.live, look, &w, e);
	forget(&w);
	nodes_fini(&w.nodes);
	return done < 0 || watch || !w.live.ended_by ? done : 128 + w.live.ended_by;
}
