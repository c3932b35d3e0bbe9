/* artifact: DIAGNOSTICS: as nova_release says. */
#include "cli/artifact.h"

#include "cli/table.h"
#include "store/nova.h"
#include "store/placed.h"

#include <errno.h>
#include <string.h>

static const struct column columns[] = {
	{"digest", CELL_TEXT, 0},
	{"release", CELL_TEXT, 0},
	{"release_state", CELL_STATE, 0},
	{"problem", CELL_TEXT, 0},
	{"size_bytes", CELL_BYTES, 0},
	{"root_gib", CELL_ID, 0},
	{"key", CELL_TEXT, 0},
	{"tree", CELL_TEXT, 0},
	{"attributes", CELL_TEXT, 0},
	{"on_missing", CELL_TEXT, 0},
	{"builder", CELL_TEXT, 0},
	{"builder_file", CELL_TEXT, 0},
	{"toolchain", CELL_TEXT, 0},
	{"architecture", CELL_TEXT, 0},
	{"builder_version", CELL_TEXT, 0},
	{"expect", CELL_TEXT, 0},
	{"timeout_s", CELL_SECONDS, 0},
	{"boot_memory_bytes", CELL_BYTES, 0},
	{"boot_machine", CELL_TEXT, 0},
	{"boot_bus", CELL_TEXT, 0},
	{"firmware", CELL_TEXT, 0},
	{"sha512", CELL_TEXT, COLUMN_JSON_ONLY},
	{"hornero_version", CELL_TEXT, 0},
	{"shared_from", CELL_TEXT, 0},
	{"image", CELL_TEXT, 0},
	{"repo", CELL_TEXT, COLUMN_JSON_ONLY},
	{"built", CELL_TEXT, COLUMN_JSON_ONLY},
	{"commit", CELL_TEXT, 0},
	{"job", CELL_ID, 0},
	{"attempt", CELL_ID, 0},
	{"built_ms", CELL_AGE, 0},
	{"checkout_ms", CELL_DURATION, 0},
	{"build_ms", CELL_DURATION, 0},
	{"check_ms", CELL_DURATION, 0},
	{"boot_ms", CELL_DURATION, 0},
	{"isolation", CELL_TEXT, 0},
	{"compile_core_limit", CELL_ID, 0},
	{"compile_mem_limit", CELL_ID, 0},
	{"compile_pids_limit", CELL_ID, 0},
	{"build_timeout_s", CELL_SECONDS, 0},
	{"silence_timeout_s", CELL_SECONDS, 0},
	{"log_limit_bytes", CELL_BYTES, 0},
	{"image_size_limit_bytes", CELL_BYTES, 0},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* A build rewrites a missing or damaged manifest. It does not help against a lack of permission. */
static void say_problem(struct artifact *a, const char *uuid, const struct err *why)
{
	size_t len = (size_t)snprintf(a->problem, sizeof(a->problem), "%s", why->msg);

	if (why->sys == 0 || why->sys == ENOENT)
		snprintf(a->problem + len, sizeof(a->problem) - len,
			 "; `hornero rebuild %s` writes it again", uuid);
}

int artifact_load(const struct conf *c, const char *uuid, const char *digest, struct artifact *out,
		  struct err *e)
{
	struct artifact a = {0};
	struct err why = ERR_INIT;
	struct warm w;

	memcpy(a.digest, digest, sizeof(a.digest));
	if (nova_release(uuid, digest, a.release, e) < 0 ||
	    placed_look(c->store_dir, c->cache_dir, uuid, digest, &w, &a.release_state, e) < 0)
		return -1;
	if (store_manifest(c->store_dir, digest, &a.m, &why) < 0)
		say_problem(&a, uuid, &why);
	*out = a;
	return 0;
}

static const char *known(const char *text)
{
	return *text ? text : NULL;
}

static void cells_of(const struct artifact *a, struct cell cells[N_COLUMNS])
{
	const struct manifest *m = &a->m;
	const struct cell all[N_COLUMNS] = {
		{.text = a->digest},
		{.text = a->release},
		{.text = warm_state_name(a->release_state)},
		{.text = known(a->problem)},
		{.number = m->size_bytes},
		{.number = nova_root_gib(m->size_bytes)},
		{.text = known(m->made.key)},
		{.text = known(m->made.tree)},
		{.text = known(m->attributes)},
		{.text = known(m->on_missing)},
		{.text = known(m->made.builder)},
		{.text = known(m->builder_file)},
		{.text = known(m->toolchain)},
		{.text = known(m->architecture)},
		{.text = known(m->builder_version)},
		{.text = known(m->expect)},
		{.number = m->timeout_s},
		{.number = m->boot_memory_bytes},
		{.text = known(m->boot_machine)},
		{.text = known(m->boot_bus)},
		{.text = known(m->firmware)},
		{.text = known(m->sha512)},
		{.text = known(m->hornero_version)},
		{.text = known(m->shared_from)},
		{.text = known(m->made.image)},
		{.text = known(m->made.repo)},
		{.text = known(m->built)},
		{.text = known(m->made.commit)},
		{.number = m->made.job},
		{.number = m->made.attempt},
		{.number = m->built_ms},
		{.number = m->checkout_ms},
		{.number = m->build_ms},
		{.number = m->check_ms},
		{.number = m->boot_ms},
		{.text = known(m->isolation)},
		{.number = m->compile_core_limit},
		{.number = m->compile_mem_limit},
		{.number = m->compile_pids_limit},
		{.number = m->build_timeout_s},
		{.number = m->silence_timeout_s},
		{.number = m->log_limit_bytes},
		{.number = m->image_size_limit_bytes},
	};

	memcpy(cells, all, sizeof(all));
}

void artifact_print(const struct cli *cli, const struct artifact *a)
{
	struct cell cells[N_COLUMNS];

	cells_of(a, cells);
	record_print(cli, columns, N_COLUMNS, cells);
}

json_t *artifact_json(const struct artifact *a)
{
	struct cell cells[N_COLUMNS];

	cells_of(a, cells);
	return row_json(columns, N_COLUMNS, cells);
}
