/* fleet_rows: reads what nodes answer, and compares it. DIAGNOSTICS: ERR_NOBODY if memory runs out;
 * text that hornero does not print makes its answer invalid. */
#include "cli/fleet.h"

#include "lib/hex.h"
#include "lib/own.h"

#include <jansson.h>
#include <string.h>

/* Reading one object of a node's array. */
struct reading {
	const json_t *object;
	const char *wrong; /* the first member that is not what it should be, or NULL */
};

static const json_t *member(struct reading *r, const char *name)
{
	const json_t *value = json_object_get(r->object, name);

	if (!value)
		r->wrong = r->wrong ? r->wrong : name;
	return value;
}

/* Texts are cut to the buffer. */
static void text(struct reading *r, const char *name, char *out, size_t size)
{
	const json_t *value = member(r, name);

	*out = '\0';
	if (json_is_string(value))
		snprintf(out, size, "%s", json_string_value(value));
	else if (!json_is_null(value))
		r->wrong = r->wrong ? r->wrong : name;
}

static void commit(struct reading *r, const char *name, char out[CLI_COMMIT_MAX + 1])
{
	char longer[CLI_COMMIT_MAX + 2];

	text(r, name, longer, sizeof(longer));
	if (*longer && !hex_is_oid(longer))
		r->wrong = r->wrong ? r->wrong : name;
	else
		memcpy(out, longer, strlen(longer) + 1);
}

static int64_t number(struct reading *r, const char *name)
{
	const json_t *value = member(r, name);

	if (!json_is_null(value) && (!json_is_integer(value) || json_integer_value(value) < 0))
		r->wrong = r->wrong ? r->wrong : name;
	return json_integer_value(value);
}

static const char *read_row(const json_t *object, struct fleet_row *row)
{
	struct reading r = {.object = object};
	char image[UUID_LEN + 2];

	if (!json_is_object(object))
		return "an object";
	text(&r, "image", image, sizeof(image));
	if (!uuid_valid(image))
		return "image";
	memcpy(row->image, image, sizeof(row->image));
	text(&r, "name", row->name, sizeof(row->name));
	text(&r, "repo", row->repo, sizeof(row->repo));
	text(&r, "ref", row->ref, sizeof(row->ref));
	text(&r, "state", row->state, sizeof(row->state));
	text(&r, "job_state", row->job_state, sizeof(row->job_state));
	text(&r, "reason", row->reason, sizeof(row->reason));
	commit(&r, "commit", row->commit);
	commit(&r, "wanted_commit", row->wanted);
	row->published_ms = number(&r, "published_ms");
	row->wanted_ms = number(&r, "wanted_ms");
	row->job = number(&r, "job");
	row->is_wanted_warm = json_is_true(member(&r, "is_wanted_warm"));
	return r.wrong;
}

static void refuse(struct answer_of *a, const char *what)
{
	a->is_valid = false;
	snprintf(a->problem, sizeof(a->problem),
		 "its answer is not a list of images as this version reads it: %s", what);
}

static int room_for(struct fleet *f, size_t more, struct err *e)
{
	size_t want = f->n + more;
	struct fleet_row *grown;

	if (want <= f->room)
		return 0;
	grown = reallocarray(f->rows, 2 * want, sizeof(*grown));
	if (!grown)
		return err_set(e, ERR_NOBODY, "out of memory for %zu rows", want);
	f->rows = grown;
	f->room = 2 * want;
	return 0;
}

int fleet_read(struct answer_of *a, struct fleet *f, struct err *e)
{
	json_error_t at;
	json_t *list = json_loadb(a->text, a->len, JSON_REJECT_DUPLICATES, &at);
	size_t n = json_array_size(list), i;
	const char *wrong = NULL;
	char what[160];

	if (!list)
		snprintf(what, sizeof(what), "%.120s, line %d", at.text, at.line);
	else if (!json_is_array(list))
		snprintf(what, sizeof(what), "no array");
	else if (n > FLEET_ROWS_MOST)
		snprintf(what, sizeof(what), "more than %d images", FLEET_ROWS_MOST);
	if (!list || !json_is_array(list) || n > FLEET_ROWS_MOST) {
		refuse(a, what);
		json_decref(list);
		return 0;
	}
	if (room_for(f, n, e) < 0) {
		json_decref(list);
		return -1;
	}
	for (i = 0; i < n && !wrong; i++) {
		struct fleet_row *row = &f->rows[f->n + i];

		*row = (struct fleet_row){.from = a};
		wrong = read_row(json_array_get(list, i), row);
	}
	if (wrong) {
		snprintf(what, sizeof(what), "%s of entry %zu", wrong, i);
		refuse(a, what);
	} else {
		a->rows = n;
		f->n += n;
	}
	json_decref(list);
	return 0;
}

static int by_image(const void *a, const void *b)
{
	const struct fleet_row *x = a, *y = b;
	int order = strcmp(x->image, y->image);

	return order ? order : strverscmp(x->from->node, y->from->node);
}

static bool is_warm(const struct fleet_row *r)
{
	return strcmp(r->state, "warm") == 0;
}

static void explain(struct fleet_row *r, const char *newest)
{
	if (strcmp(r->wanted, newest) == 0 && *r->reason)
		return;
	if (strcmp(r->wanted, newest) != 0 && *newest)
		snprintf(r->reason, sizeof(r->reason), "%.12s has not been pushed to this node",
			 newest);
	else if (!*r->reason)
		snprintf(r->reason, sizeof(r->reason), "its state is %s", r->state);
}

/* Of commits with the same date the one with the higher id counts, so that all agree. */
static bool is_newer(const struct fleet_row *a, const struct fleet_row *b)
{
	return a->wanted_ms != b->wanted_ms ? a->wanted_ms > b->wanted_ms
					    : strcmp(a->wanted, b->wanted) > 0;
}

/* rows: those of one image. */
static void compare(struct fleet_image *image, struct fleet_row *rows, size_t n)
{
	const struct fleet_row *newest = rows;
	bool is_one = true; /* all have what they want, and that is the same */

	for (size_t i = 0; i < n; i++) {
		if (*rows[i].wanted && (!*newest->wanted || is_newer(&rows[i], newest)))
			newest = &rows[i];
		is_one = is_one && is_warm(&rows[i]) && rows[i].is_wanted_warm &&
			 strcmp(rows[i].commit, rows[0].commit) == 0 &&
			 strcmp(rows[i].wanted, rows[0].wanted) == 0;
	}
	*image = (struct fleet_image){.first = rows, .newest = newest->wanted, .nodes = n};
	for (size_t i = 0; i < n; i++) {
		struct fleet_row *r = &rows[i];
		bool is_empty = !*newest->wanted && strcmp(r->state, "none") == 0;

		r->lags = !is_one && !is_empty &&
			  (!is_warm(r) || strcmp(r->commit, newest->wanted) != 0);
		image->lagging += r->lags;
		image->warm += is_warm(r) && !r->lags;
		r->from->lagging += r->lags;
		if (r->lags)
			explain(r, newest->wanted);
	}
}

int fleet_compare(struct fleet *f, struct err *e)
{
	size_t n;

	if (f->n == 0)
		return 0;
	f->images = calloc(f->n, sizeof(*f->images));
	if (!f->images)
		return err_set(e, ERR_NOBODY, "out of memory for %zu images", f->n);
	qsort(f->rows, f->n, sizeof(*f->rows), by_image);
	for (size_t i = 0; i < f->n; i += n) {
		for (n = 1; i + n < f->n; n++)
			if (strcmp(f->rows[i].image, f->rows[i + n].image) != 0)
				break;
		compare(&f->images[f->n_images], &f->rows[i], n);
		f->n_images++;
	}
	return 0;
}

void fleet_fini(struct fleet *f)
{
	free(f->rows);
	free(f->images);
	*f = (struct fleet){.n = 0};
}
