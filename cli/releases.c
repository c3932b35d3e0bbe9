/* releases: DIAGNOSTICS: as store/release.h says. */
#include "cli/releases.h"

#include "cli/table.h"

#include <string.h>

static const struct column columns[] = {
	{"release", CELL_TEXT, 0}, {"digest", CELL_TEXT, 0},      {"commit", CELL_TEXT, 0},
	{"built_ms", CELL_AGE, 0}, {"size_bytes", CELL_BYTES, 0}, {"current", CELL_BOOL, 0},
	{"pinned", CELL_BOOL, 0},  {"previous", CELL_BOOL, 0},    {"problem", CELL_TEXT, 0},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static bool is_pinned(const struct releases *all, const struct release *r)
{
	return all->pinned && strcmp(all->pinned, r->uuid) == 0;
}

static void hide_others(const struct cli *cli, const struct image *img, struct release *r)
{
	if (!cli->key || strcmp(r->image, img->uuid) == 0)
		return;
	*r->commit = '\0';
	r->built_ms = 0;
}

int releases_get(const struct cli *cli, const struct image *img, const char *release,
		 struct release *out, struct err *e)
{
	int found = release_get(cli->conf->store_dir, img->uuid, img->repo, release, out, e);

	if (found == 1)
		hide_others(cli, img, out);
	return found;
}

int releases_load(const struct cli *cli, const struct image *img, struct releases *out,
		  struct err *e)
{
	if (release_list(cli->conf->store_dir, img->uuid, img->repo, &out->list, &out->n, e) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		out->list[i].built_ms = steady_present_of_wall_ms(&cli->clock,
								  out->list[i].built_ms);
		hide_others(cli, img, &out->list[i]);
	}
	out->pinned = img->pinned;
	return 0;
}

static bool is_hidden(const struct cli *cli, const struct release *r)
{
	return cli->key && r->shared;
}

const char *release_words(const struct cli *cli, const struct release *r, char buf[RELEASE_WORDS])
{
	char words[WORDS_MAX];

	if (is_hidden(cli, r))
		snprintf(buf, RELEASE_WORDS, "first built for another image");
	else
		snprintf(buf, RELEASE_WORDS, "commit %.12s, built %s",
			 *r->commit ? r->commit : "unknown",
			 age_since(words, r->built_ms, cli->now_ms, &cli->clock));
	return buf;
}

void releases_print(const struct cli *cli, const struct releases *all, FILE *out)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct release *r = &all->list[i];
		char words[RELEASE_WORDS];

		cli_say(out, "  %s  %s%s%s%s%s%s", r->uuid, release_words(cli, r, words),
			r->current ? ", current" : "", is_pinned(all, r) ? ", pinned" : "",
			r->previous ? ", the one before" : "", *r->problem ? ": " : "", r->problem);
	}
}

json_t *releases_json(const struct cli *cli, const struct releases *all)
{
	json_t *array = json_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct release *r = &all->list[i];
		const struct cell cells[N_COLUMNS] = {
			{.text = r->uuid},
			{.text = r->digest},
			{.text = is_hidden(cli, r) ? NULL : r->commit},
			{.number = is_hidden(cli, r) ? 0 : r->built_ms},
			{.number = r->size_bytes},
			{.number = r->current},
			{.number = is_pinned(all, r)},
			{.number = r->previous},
			{.text = *r->problem ? r->problem : NULL},
		};

		json_array_append_new(array, row_json(columns, N_COLUMNS, cells));
	}
	return array;
}
