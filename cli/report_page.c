/* report_page: DIAGNOSTICS: what cannot be read is said on the page. */
#include "cli/report.h"

#include "cli/cache.h"
#include "cli/doctor.h"
#include "cli/table.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/inventory.h"
#include "store/nova.h"
#include "store/warm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOWEST = 10, QUEUE_MOST = 100 };

static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#57606a;--rule:#8c959f;"
	"--bar:#0969da;--track:#d8dee4;--over:#cf222e}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--soft:#9ea7b3;"
	"--rule:#6e7681;--bar:#58a6ff;--track:#30363d;--over:#ff7b72}}"
	"body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
	"max-width:64rem;margin:0 auto;padding:1rem}"
	"h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.2rem;margin-top:2rem}"
	".wide{overflow-x:auto}.wide:focus-visible,summary:focus-visible,a:focus-visible"
	"{outline:2px solid var(--bar)}"
	"table{border-collapse:collapse}th,td{text-align:left;padding:.25rem .75rem .25rem 0;"
	"border-bottom:1px solid var(--track);vertical-align:top}"
	"th{font-weight:600;white-space:nowrap}.number{text-align:right;white-space:nowrap;"
	"font-variant-numeric:tabular-nums}code,time{white-space:nowrap}code{font-family:monospace}"
	"a{color:var(--bar)}p.note{color:var(--soft)}svg text{fill:var(--soft);font-size:13px}"
	".chart{width:100%;min-width:40rem;height:auto}.line{stroke:var(--track);fill:none}"
	".most{stroke:var(--rule);stroke-width:2;fill:none}.half,.bar{fill:var(--bar)}"
	".track{fill:var(--track)}.over{fill:var(--over)}"
	".status{border-left:.3rem solid var(--bar);padding-left:.75rem}"
	".status.bad{border-color:var(--over)}"
	"@media print{body{max-width:none;padding:0}nav{display:none}section{break-inside:avoid}"
	".wide{overflow:visible}}";

static void cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	html_text(out, text);
	fputs("</td>", out);
}

static void number(FILE *out, const char *words)
{
	fprintf(out, "<td class=\"number\">%s</td>", words);
}

static void cell_time(FILE *out, int64_t wall_ms)
{
	fputs("<td>", out);
	html_time(out, wall_ms);
	fputs("</td>", out);
}

static void cell_commit(FILE *out, const char *commit)
{
	char digits[13];

	snprintf(digits, sizeof(digits), "%s", commit);
	fputs("<td><code>", out);
	html_text(out, digits);
	fputs("</code></td>", out);
}

static void empty_row(FILE *out, int columns, const char *words)
{
	fprintf(out, "<tr><td colspan=\"%d\">%s</td></tr>\n", columns, words);
}

/* ---- health ---- */

struct worst {
	enum doctor_state state;
	char text[ERR_MSG_MAX];
	int findings;
};

static void heed(void *arg, const struct finding *f)
{
	struct worst *w = arg;

	w->findings += f->state != DOCTOR_OK;
	if (f->state > w->state) {
		w->state = f->state;
		snprintf(w->text, sizeof(w->text), "%s", f->text);
	}
}

static void print_health(FILE *out, struct cli *cli)
{
	struct worst w = {.state = DOCTOR_OK};
	struct doctor d = {.cli = cli, .tell = heed, .arg = &w};

	doctor_look(&d, DOCTOR_HEALTH);
	fprintf(out, "<p class=\"status%s\">", w.state > DOCTOR_PART ? " bad" : "");
	if (w.findings == 0) {
		fputs("All is well: hornerod runs, and no check found anything.</p>\n", out);
		return;
	}
	html_text(out, w.text);
	if (w.findings > 1)
		fprintf(out, " (%d more findings: <code>hornero doctor</code>)", w.findings - 1);
	fputs("</p>\n", out);
}

/* ---- images ---- */

static void print_image(FILE *out, const struct conf *c, const struct image *img)
{
	enum warm_state state = WARM_NONE;
	struct warm w = {.published_ms = 0};
	struct err ignored = ERR_INIT;
	own_free char *path = NULL;
	char name[SHA1_HEX + 1] = "", size[WORDS_MAX];
	struct steady clock;
	struct stat st;

	fputs("<tr><th scope=\"row\">", out);
	html_text(out, img->broken || !img->name || !*img->name ? img->uuid : img->name);
	fputs("</th>", out);
	cell(out, img->broken ? "–" : img->repo);
	if (warm_look(c->store_dir, c->cache_dir, img->uuid, &w, &state, &ignored) < 0 ||
	    nova_cache_name(img->uuid, name, &ignored) < 0) {
		fputs("<td colspan=\"6\">", out);
		html_text(out, ignored.msg);
		fputs("</td></tr>\n", out);
		return;
	}
	path = fs_path("%s/%s", c->cache_dir, name);
	steady_load(&clock, c->queue_dir);
	/* As `hornero cache`: a file without a record is Nova's own. */
	if (stat(path, &st) < 0)
		st.st_size = 0;
	else if (state == WARM_NONE)
		state = WARM_FOREIGN;
	cell(out, warm_state_name(state));
	cell_commit(out, state == WARM_OK ? w.made.commit : "–");
	cell_time(out, state == WARM_OK ? steady_present_ms(&clock, w.published_ms) : 0);
	number(out, st.st_size ? bytes_words(size, st.st_size) : "–");
	if (st.st_size)
		snprintf(size, sizeof(size), "%lld", (long long)nova_root_gib(st.st_size));
	number(out, st.st_size ? size : "–");
	fprintf(out, "<td><code>%s</code></td></tr>\n", name);
}

static void print_images(FILE *out, struct cli *cli)
{
	static const char *const heads[] = {"Image",   "Repository", "State",    "Commit",
					    "Warm since", "Size", "GiB of root disk",
					    "File in Nova's cache", NULL};
	struct image *list = NULL;
	struct err why = ERR_INIT;
	size_t n = 0;

	html_table_begin(out, "images", "Images, as Nova finds them", heads);
	if (cli_images(cli, &list, &n, &why) < 0) {
		fputs("<tr><td colspan=\"8\">", out);
		html_text(out, why.msg);
		fputs("</td></tr>\n", out);
	} else if (n == 0) {
		empty_row(out, 8, "There is no image yet.");
	}
	for (size_t i = 0; i < n; i++)
		print_image(out, cli->conf, &list[i]);
	images_free(list, n);
	html_table_end(out);
}

/* ---- jobs ---- */

static void print_outcomes(FILE *out, const struct report *r)
{
	static const char *const heads[] = {"Outcome", "Jobs", "Share", NULL};
	char words[WORDS_MAX];
	int64_t all = 0;

	for (int s = 0; s < JOB_STATES; s++)
		all += r->states[s];
	html_table_begin(out, "outcomes", "Jobs by outcome", heads);
	for (int s = 0; s < JOB_STATES; s++) {
		if (!job_state_ended((enum job_state)s))
			continue;
		fprintf(out, "<tr><th scope=\"row\">%s</th>", job_state_name((enum job_state)s));
		snprintf(words, sizeof(words), "%lld", (long long)r->states[s]);
		html_bar(out, words, (double)r->states[s], (double)all);
		fputs("</tr>\n", out);
	}
	fputs("<tr><th scope=\"row\">published without a build</th>", out);
	snprintf(words, sizeof(words), "%lld", (long long)r->reused);
	html_bar(out, words, (double)r->reused, (double)all);
	fputs("</tr>\n", out);
	html_table_end(out);
}

struct slow {
	const char *image;
	size_t n;
	int64_t half_ms, most_ms;
};

static int by_image(const void *a, const void *b)
{
	const struct report_push *x = a, *y = b;
	int order = strcmp(x->image, y->image);

	return order ? order : (x->took_ms > y->took_ms) - (x->took_ms < y->took_ms);
}

static int slowest_first(const void *a, const void *b)
{
	const struct slow *x = a, *y = b;

	return (x->half_ms < y->half_ms) - (x->half_ms > y->half_ms);
}

/* Reorders the pushes. Returns the number of images; the caller frees *list. */
static size_t find_slow(struct report *r, struct slow **list)
{
	size_t n = 0;

	*list = calloc(r->n + 1, sizeof(**list));
	if (!*list)
		return 0;
	if (r->n > 0)
		qsort(r->pushes, r->n, sizeof(r->pushes[0]), by_image);
	for (size_t i = 0, first; i < r->n;) {
		first = i;
		while (i < r->n && strcmp(r->pushes[i].image, r->pushes[first].image) == 0)
			i++;
		(*list)[n++] = (struct slow){r->pushes[first].image, i - first,
					     r->pushes[first + (i - first - 1) / 2].took_ms,
					     r->pushes[i - 1].took_ms};
	}
	qsort(*list, n, sizeof(**list), slowest_first);
	return n;
}

static void print_slow(FILE *out, struct cli *cli, struct report *r)
{
	static const char *const heads[] = {"Image",   "Pushes", "Median", "Of the slowest",
					    "Longest", NULL};
	own_free struct slow *list = NULL;
	size_t n = find_slow(r, &list);
	char words[WORDS_MAX];

	html_table_begin(out, "slow", "Slowest images", heads);
	if (n == 0)
		empty_row(out, 5, "No push became warm in this period.");
	for (size_t i = 0; i < n && i < SLOWEST; i++) {
		struct image img = {.broken = false};
		struct err ignored = ERR_INIT;
		bool has = cli_image(cli, list[i].image, &img, &ignored) == 0;

		fputs("<tr><th scope=\"row\">", out);
		html_text(out, has && img.name && *img.name ? img.name : list[i].image);
		fprintf(out, "</th><td class=\"number\">%zu</td>", list[i].n);
		html_bar(out, duration_words(words, list[i].half_ms), (double)list[i].half_ms,
			 (double)list[0].half_ms);
		number(out, duration_words(words, list[i].most_ms));
		fputs("</tr>\n", out);
		if (has)
			image_fini(&img);
	}
	html_table_end(out);
}

struct queue {
	FILE *out;
	const struct cli *cli;
	int n;
};

static int print_job(void *arg, const struct job *j)
{
	struct queue *q = arg;
	char words[WORDS_MAX];

	if (++q->n > QUEUE_MOST)
		return 1;
	fprintf(q->out, "<tr><th scope=\"row\">%lld</th><td>%s</td>", (long long)j->id,
		job_state_name(j->state));
	cell(q->out, j->repo);
	cell(q->out, j->ref);
	cell_commit(q->out, j->commit);
	number(q->out, duration_words(words, q->cli->now_ms - j->created_ms));
	cell(q->out, *j->waiting_for ? j->waiting_for : j->reason);
	fputs("</tr>\n", q->out);
	return 0;
}

static void print_queue(FILE *out, const struct cli *cli, struct db *db, const char *why)
{
	static const char *const heads[] = {"Job", "State",  "Repository", "Ref", "Commit",
					    "Age", "Remark", NULL};
	const struct job_filter all = {.workers = cli->conf->workers};
	struct queue q = {out, cli, 0};
	struct err e = ERR_INIT;

	html_table_begin(out, "queue", "Queue now", heads);
	if (!db || job_each_open(db, &all, print_job, &q, &e) < 0) {
		fputs("<tr><td colspan=\"7\">", out);
		html_text(out, db ? e.msg : why);
		fputs("</td></tr>\n", out);
	} else if (q.n == 0) {
		empty_row(out, 7, "The queue is empty.");
	} else if (q.n > QUEUE_MOST) {
		empty_row(out, 7, "There are more: <code>hornero queue --all</code>");
	}
	html_table_end(out);
}

/* ---- disks ---- */

static void budget_row(FILE *out, const char *name, int64_t bytes, int64_t budget,
		       const struct floor *floor)
{
	char used[WORDS_MAX], words[WORDS_MAX];

	fprintf(out, "<tr><th scope=\"row\">%s</th>", name);
	html_bar(out, bytes < 0 ? "–" : bytes_words(used, bytes), (double)bytes, (double)budget);
	number(out, budget ? bytes_words(words, budget) : "–");
	number(out, floor_free_bytes(floor) < 0 ? "–"
						: bytes_words(words, floor_free_bytes(floor)));
	number(out, floor_bytes(floor) ? bytes_words(words, floor_bytes(floor)) : "–");
	fputs("</tr>\n", out);
}

static void print_disks(FILE *out, const struct conf *c)
{
	static const char *const heads[] = {"Area", "Used", "Of the budget", "Budget",
					    "Free there", "Floor", NULL};
	own_inventory struct inventory all = {0};
	struct floor store = conf_store_floor(c), cache = conf_cache_floor(c);
	struct err ignored = ERR_INIT;
	bool has = inventory_load(&all, c->store_dir, &ignored) == 0;

	html_table_begin(out, "disks", "Disks", heads);
	budget_row(out, "artifacts", has ? all.bytes : -1, c->store_budget_bytes, &store);
	budget_row(out, "Nova's cache", cache_used_bytes(c), c->cache_budget_bytes, &cache);
	html_table_end(out);
}

/* ---- the page ---- */

static void print_head(FILE *out, const struct report *r, const char *node)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
	      "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta "
	      "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	      "'unsafe-inline'\">\n<title>hornero on ",
	      out);
	html_text(out, node);
	fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<header>\n<h1>hornero on ",
		style);
	html_text(out, node);
	fputs("</h1>\n<p class=\"note\">As of ", out);
	html_time(out, r->now_ms);
	fputs("; jobs since ", out);
	html_time(out, r->from_ms);
	fprintf(out, ".%s</p>\n",
		r->is_cut ? " More jobs ended than are read: the oldest are missing." : "");
	fputs("<nav aria-label=\"Sections\"><a href=\"#images\">Images</a> · <a href=\"#time\">"
	      "Push to warm</a> · <a href=\"#outcomes\">Outcomes</a> · <a href=\"#slow\">Slowest"
	      "</a> · <a href=\"#queue\">Queue</a> · <a href=\"#disks\">Disks</a></nav>\n"
	      "</header>\n<main>\n",
	      out);
}

void report_page(FILE *out, struct cli *cli, struct db *db, struct report *r, const char *why)
{
	char node[256] = "";

	gethostname(node, sizeof(node) - 1);
	print_head(out, r, node);
	print_health(out, cli);
	print_images(out, cli);
	report_chart(out, r);
	print_outcomes(out, r);
	print_slow(out, cli, r);
	print_queue(out, cli, db, why);
	print_disks(out, cli->conf);
	fputs("</main>\n</body>\n</html>\n", out);
}
