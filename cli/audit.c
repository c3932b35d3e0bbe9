/* audit: DIAGNOSTICS: ERR_USAGE for the options, or for a key that does not administer the node;
 * else as state/auditfeed.h. */
#include "cli/audit.h"

#include "cli/table.h"
#include "cli/watch.h"
#include "cli/words.h"
#include "lib/own.h"
#include "state/auditfeed.h"

#include <jansson.h>
#include <string.h>

enum { USUAL = 20, SHORT_OID = 7, PROBLEMS_MAX = 20 };

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

static void print_member(FILE *out, const json_t *o, const char *name, const char *before)
{
	const char *text = text_of(o, name);

	if (*text)
		fprintf(out, "%s%s", before, text);
}

static void print_lists(FILE *out, const json_t *o)
{
	const json_t *words = json_object_get(o, "words"), *refs = json_object_get(o, "refs");
	const json_t *jobs = json_object_get(o, "jobs"), *one;

	for (size_t i = 0; (one = json_array_get(words, i)); i++)
		fprintf(out, " %s", json_string_value(one) ? json_string_value(one) : "?");
	for (size_t i = 0; (one = json_array_get(refs, i)); i++)
		fprintf(out, "  %s %.*s..%.*s", text_of(one, "ref"), SHORT_OID,
			text_of(one, "old"), SHORT_OID, text_of(one, "new"));
	for (size_t i = 0; (one = json_array_get(jobs, i)); i++)
		if (json_object_get(one, "job"))
			fprintf(out, "  job %lld",
				(long long)json_integer_value(json_object_get(one, "job")));
}

static void print_people(const char *line, size_t len)
{
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	own_free char *text = NULL;
	size_t room;
	FILE *out = open_memstream(&text, &room);

	if (!out)
		abort();
	if (o) {
		fprintf(out, "%lld  %s  %s", json_integer_value(json_object_get(o, "n")),
			text_of(o, "at"), text_of(o, "event"));
		print_member(out, o, "who", "  by ");
		print_member(out, o, "from", " from ");
		print_member(out, o, "repo", "  ");
		print_member(out, o, "command", "  ");
		print_lists(out, o);
		print_member(out, o, "image", "  ");
		print_member(out, o, "commit", "  commit ");
		print_member(out, o, "release", "  release ");
		print_member(out, o, "signer", "  signed by ");
		print_member(out, o, "reason", "  ");
	} else {
		fprintf(out, "not JSON: %.200s", line);
	}
	fclose(out);
	cli_say(stdout, "%s", text);
	json_decref(o);
}

/* With --json a record is printed as it is in the file: its digest stays right. */
static void print_record(const struct cli *cli, const struct auditfeed *f)
{
	if (!cli->json) {
		print_people(f->line, f->len);
		return;
	}
	fwrite(f->line, 1, f->len, stdout);
	putchar('\n');
}

static int newest(const struct conf *c, int64_t *n, struct err *e)
{
	own_free struct auditfeed *f = malloc(sizeof(*f));
	char prev[SHAPLAIN_HEX + 1];
	int got;

	if (!f)
		return err_set(e, ERR_NOBODY, "out of memory for the audit log");
	*f = (struct auditfeed)AUDITFEED_INIT;
	*n = 0;
	got = auditfeed_open(f, c->audit_dir, e) < 0 ? -1 : 1;
	while (got > 0 && (got = auditfeed_next(f, true, e)) > 0)
		(void)audit_parse(f->line, f->len, n, prev);
	auditfeed_close(f);
	return got;
}

/* Prints what is there. Returns 1 to stop, 0 at the end, -1 on error. */
static int drain(const struct cli *cli, struct auditfeed *f, int64_t after, int64_t *left,
		 struct err *e)
{
	char prev[SHAPLAIN_HEX + 1];
	int got = 1;
	int64_t n;

	while (*left > 0 && (got = auditfeed_next(f, false, e)) > 0)
		if (audit_parse(f->line, f->len, &n, prev) && n > after) {
			print_record(cli, f);
			--*left;
		}
	return got < 0 ? -1 : fflush(stdout) != 0 || *left == 0;
}

static int print_all(struct cli *cli, const struct call *call, struct auditfeed *f, struct err *e)
{
	const char *since = call_option(call, "since");
	int64_t after = 0, left;
	own_watch struct watch w = watch_open();
	int done;

	if (cli_count(call, "limit", INT64_MAX, &left, e) < 0)
		return -1;
	if (since && strcmp(since, "0") != 0 && cli_job_number(since, &after, e) < 0)
		return err_set(e, ERR_USAGE, "--since \"%s\" is not the number of a record", since);
	if (!since && newest(cli->conf, &after, e) < 0)
		return -1;
	if (!since)
		after -= left < INT64_MAX ? left : USUAL;
	w.reader = STDOUT_FILENO;
	watch_add(&w, cli->conf->audit_dir);
	do
		done = drain(cli, f, after, &left, e);
	while (done == 0 && call_option(call, "follow") &&
	       watch_wait(&w, INT64_MAX) != WATCH_ALONE);
	return done < 0 ? -1 : 0;
}

/* The state of a check. */
struct chain {
	char digest[SHAPLAIN_HEX + 1]; /* of the last line, whatever it is */
	char last[SHAPLAIN_HEX + 1];   /* of the last record */
	int64_t first, n, records, pieces;
	json_t *problems;
};

static void problem(struct chain *ch, const struct auditfeed *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void problem(struct chain *ch, const struct auditfeed *f, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	int used = snprintf(text, sizeof(text), "%s:%lld: ", f->name, (long long)f->at);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + used, sizeof(text) - (size_t)used, fmt, ap);
	va_end(ap);
	if (json_array_size(ch->problems) < PROBLEMS_MAX)
		json_array_append_new(ch->problems, json_string(text));
}

/* A writer that died leaves a piece of a line. The next record chains to it. */
static void check_line(struct chain *ch, const struct auditfeed *f)
{
	char prev[SHAPLAIN_HEX + 1];
	int64_t n;

	if (!audit_parse(f->line, f->len, &n, prev)) {
		ch->pieces++;
	} else {
		if (ch->records == 0)
			ch->first = n;
		else if (n != ch->n + 1)
			problem(ch, f, "record %lld follows record %lld", (long long)n,
				(long long)ch->n);
		if ((ch->records > 0 || ch->pieces > 0 || n == 1) &&
		    strcmp(prev, ch->digest) != 0)
			problem(ch, f,
				"record %lld does not follow the line before it: that line was "
				"changed, or lines were added or removed",
				(long long)n);
		ch->n = n;
		ch->records++;
	}
	shaplain_hex(f->line, f->len, ch->digest);
	if (audit_parse(f->line, f->len, &n, prev))
		memcpy(ch->last, ch->digest, sizeof(ch->last));
}

static void say_chain(const struct cli *cli, struct chain *ch)
{
	bool intact = json_array_size(ch->problems) == 0;
	const json_t *one;

	if (cli->json) {
		json_out(json_pack("{s:b, s:I, s:I, s:I, s:I, s:s, s:O}", "intact", intact,
				   "records", (json_int_t)ch->records, "first",
				   (json_int_t)ch->first, "last", (json_int_t)ch->n, "pieces",
				   (json_int_t)ch->pieces, "sha256", ch->last, "problems",
				   ch->problems));
		return;
	}
	for (size_t i = 0; (one = json_array_get(ch->problems, i)); i++)
		cli_say(stdout, "%s", json_string_value(one));
	if (ch->pieces > 0)
		cli_say(stdout,
			"%lld incomplete lines: their writers were interrupted, or somebody "
			"changed them",
			(long long)ch->pieces);
	if (ch->records == 0)
		cli_say(stdout, "the audit log has no record");
	else
		cli_say(stdout, "records %lld to %lld: the chain is %s; SHA-256 of the last: %s",
			(long long)ch->first, (long long)ch->n, intact ? "intact" : "broken",
			ch->last);
}

static int verify(const struct cli *cli, struct auditfeed *f, struct err *e)
{
	struct chain ch = {.digest = AUDIT_FIRST, .last = AUDIT_FIRST, .problems = json_array()};
	int got, code;

	while ((got = auditfeed_next(f, true, e)) > 0)
		check_line(&ch, f);
	if (got == 0)
		say_chain(cli, &ch);
	code = got < 0 ? -1 : json_array_size(ch.problems) > 0;
	json_decref(ch.problems);
	return code;
}

int audit_run(struct cli *cli, const struct call *call, struct err *e)
{
	own_free struct auditfeed *f = malloc(sizeof(*f));
	int done;

	if (!f)
		return err_set(e, ERR_NOBODY, "out of memory for the audit log");
	*f = (struct auditfeed)AUDITFEED_INIT;
	if (call_option(call, "image"))
		return err_set(e, ERR_USAGE, "--audit takes no --image");
	if (!cli_conf(cli, e) || cli_may_node(cli, e) < 0 ||
	    auditfeed_open(f, cli->conf->audit_dir, e) < 0)
		return -1;
	done = call_option(call, "verify") ? verify(cli, f, e) : print_all(cli, call, f, e);
	auditfeed_close(f);
	return done;
}
