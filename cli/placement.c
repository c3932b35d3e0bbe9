/* placement: DIAGNOSTICS: ERR_OPERATOR if instances_path is missing; a nova.conf that cannot be
 * read is a fact. */
#include "cli/placement.h"

#include "cli/table.h"
#include "conf/novaconf.h"
#include "lib/du.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { MIB = 1 << 20 };

static const struct column columns[] = {
	{"part", CELL_TEXT, 0},
	{"path", CELL_TEXT, 0},
	{"size_bytes", CELL_BYTES, 0},
	{"budget_bytes", CELL_BYTES, 0},
	{"is_counted", CELL_BOOL, 0},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* Files below another part are counted there. */
static void look_at(struct placement *p, size_t i, dev_t dev)
{
	struct placement_part *part = &p->parts[i];
	struct du sum = {0};
	struct stat st;

	part->is_whole = true;
	if (stat(part->path, &st) < 0)
		return;
	part->is_counted = st.st_dev == dev;
	for (size_t k = 0; k < PLACEMENT_PARTS; k++)
		if (is_below(part->path, p->parts[k].path))
			part->is_counted = false;
	part->is_whole = du_add(&sum, AT_FDCWD, part->path);
	part->bytes = sum.bytes;
}

static void look_at_nova(const struct conf *c, struct placement *p)
{
	own_free char *text = NULL;
	char value[NOVACONF_VALUE_MAX], *end;

	p->is_local = true;
	p->nova_mib = -1;
	if (novaconf_load(c->nova_conf, &text, &p->problem) < 0)
		return;
	if (novaconf_find(text, "libvirt", "images_type", value))
		p->is_local = strcmp(value, "rbd") != 0 && strcmp(value, "lvm") != 0;
	p->nova_mib = 0; /* Nova's default */
	if (!novaconf_find(text, "DEFAULT", "reserved_host_disk_mb", value))
		return;
	p->nova_mib = strtoll(value, &end, 10);
	if (end == value || *end || p->nova_mib < 0)
		p->nova_mib = -1;
}

int placement_look(const struct conf *c, struct placement *out, struct err *e)
{
	struct placement p = {
		.parts = {{.name = "cache", .path = c->cache_dir,
			   .budget_bytes = c->cache_budget_bytes},
			  {.name = "store", .path = c->store_dir,
			   .budget_bytes = c->store_budget_bytes},
			  {.name = "checkouts", .path = c->repo_base,
			   .budget_bytes = c->work_budget_bytes},
			  {.name = "repositories", .path = c->repo_root},
			  {.name = "state", .path = c->state_dir}},
		.is_whole = true,
	};
	struct stat st;

	if (stat(c->instances_path, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at %s (instances_path)",
			       c->instances_path);
	for (size_t i = 0; i < PLACEMENT_PARTS; i++)
		look_at(&p, i, st.st_dev);
	for (size_t i = 0; i < PLACEMENT_PARTS; i++) {
		const struct placement_part *part = &p.parts[i];
		int64_t most = part->bytes > part->budget_bytes ? part->bytes : part->budget_bytes;

		if (!part->is_counted)
			continue;
		p.needed_mib += (most + MIB - 1) / MIB;
		p.is_whole = p.is_whole && part->is_whole;
	}
	look_at_nova(c, &p);
	*out = p;
	return 0;
}

static void part_cells(const struct placement_part *part, struct cell cells[N_COLUMNS])
{
	memcpy(cells, (struct cell[N_COLUMNS]){
		{.text = part->name},
		{.text = part->path},
		{.number = part->bytes},
		{.number = part->budget_bytes},
		{.number = part->is_counted},
	}, N_COLUMNS * sizeof(*cells));
}

static void print_json(const struct placement *p)
{
	json_t *o = json_object(), *parts = json_array();
	struct cell cells[N_COLUMNS];

	for (size_t i = 0; i < PLACEMENT_PARTS; i++) {
		part_cells(&p->parts[i], cells);
		json_array_append_new(parts, row_json(columns, N_COLUMNS, cells));
	}
	json_object_set_new(o, "parts", parts);
	json_object_set_new(o, "reserved_host_disk_mb", json_integer(p->needed_mib));
	json_object_set_new(o, "nova_reserved_host_disk_mb",
			    p->nova_mib < 0 ? json_null() : json_integer(p->nova_mib));
	json_object_set_new(o, "is_whole", json_boolean(p->is_whole));
	json_out(o);
}

int placement_print(struct cli *cli, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	struct cell cells[N_COLUMNS];
	struct placement p;
	struct listing l;

	if (!c || placement_look(c, &p, e) < 0)
		return -1;
	if (cli->json)
		return print_json(&p), 0;
	listing_begin(&l, cli, columns, N_COLUMNS);
	for (size_t i = 0; i < PLACEMENT_PARTS; i++) {
		part_cells(&p.parts[i], cells);
		listing_row(&l, cells);
	}
	if (listing_end(&l, e) < 0)
		return -1;
	cli_say(stdout, "reserved_host_disk_mb should be at least %lld%s", (long long)p.needed_mib,
		p.is_whole ? "" : " (not everything could be read; run it as root)");
	if (p.nova_mib >= 0)
		cli_say(stdout, "reserved_host_disk_mb in %s is %lld", c->nova_conf,
			(long long)p.nova_mib);
	else
		cli_say(stdout, "reserved_host_disk_mb of Nova is unknown: %s",
			p.problem.class ? p.problem.msg : "its value is no number");
	return 0;
}
