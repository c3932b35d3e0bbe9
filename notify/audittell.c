/* audittell: DIAGNOSTICS: as store/auditcursor.h. */
#include "notify/audittell.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "notify/deliver.h"
#include "notify/retry.h"
#include "state/auditfeed.h"
#include "store/auditcursor.h"

#include <jansson.h>
#include <poll.h>
#include <string.h>

struct telling {
	struct audittell *t;
	struct auditcursor at;
	struct auditfeed f;
};

static int save(const struct telling *x, struct err *e)
{
	return auditcursor_save(x->t->c->notify_dir, &x->at, e);
}

static void set_state(struct auditcursor *at, const char *state)
{
	snprintf(at->state, sizeof(at->state), "%s", state);
	at->since_ms = clock_wall_ms();
	at->next_ms = 0;
	if (strcmp(state, AUDITCURSOR_TOLD) != 0)
		return;
	at->tries = 0;
	*at->trying = *at->program = *at->reason = '\0';
}

static int fail(struct telling *x, const char *state, const struct err *why, struct err *e)
{
	struct auditcursor *at = &x->at;
	char quoted[2 * sizeof(at->reason) + 3];

	set_state(at, state);
	snprintf(at->reason, sizeof(at->reason), "%.*s", (int)sizeof(at->reason) - 1, why->msg);
	at->next_ms = at->since_ms + retry_delay_ms(++at->tries);
	x->t->next_ms = retry_mono_ms(at->next_ms);
	log_warn("event=notify-audit-%s last=%lld reason=%s", state, (long long)at->n,
		 log_quote(quoted, sizeof(quoted), at->reason));
	return save(x, e);
}

static int fail_reading(struct telling *x, const struct err *why, struct err *e)
{
	return fail(x, why->sys == EACCES ? AUDITCURSOR_DENIED : AUDITCURSOR_UNREAD, why, e);
}

/* The line that was read is told. */
static void take(struct telling *x, int64_t n)
{
	x->at.n = n;
	memcpy(x->at.file, x->f.name, sizeof(x->f.name));
	x->at.start = x->f.start;
	shaplain_hex(x->f.line, x->f.len, x->at.sha256);
	set_state(&x->at, AUDITCURSOR_TOLD);
}

static void take_none(struct telling *x)
{
	x->at = (struct auditcursor){.sha256 = AUDIT_FIRST};
	set_state(&x->at, AUDITCURSOR_TOLD);
}

/* The log is read for the first time: its records are the past. Returns 1, -1 on error. */
static int pass_over_all(struct telling *x, struct err *e)
{
	const struct auditcursor was = x->at;
	char prev[SHAPLAIN_HEX + 1];
	int64_t n;
	int got;

	take_none(x);
	while ((got = auditfeed_next(&x->f, false, e)) > 0)
		if (audit_parse(x->f.line, x->f.len, &n, prev))
			take(x, n);
	if (got < 0)
		x->at = was;
	else
		log_info("event=notify-audit-begins last=%lld", (long long)x->at.n);
	return got < 0 ? -1 : 1;
}

static bool is_last_told(const struct telling *x)
{
	char digest[SHAPLAIN_HEX + 1];

	return strcmp(shaplain_hex(x->f.line, x->f.len, digest), x->at.sha256) == 0;
}

/* Returns 1 if the last told record is at its place, and the next line follows; 0, or -1. */
static int find_at_place(struct telling *x, struct err *e)
{
	int got = auditfeed_seek(&x->f, x->at.file, (off_t)x->at.start, e);

	if (got > 0)
		got = auditfeed_next(&x->f, false, e);
	return got > 0 ? is_last_told(x) : got;
}

/* Says once that the record is gone. */
static int begin_with(struct telling *x, const char *name, off_t start, int64_t n, struct err *e)
{
	log_warn("event=notify-audit-moved last=%lld next=%lld reason=\"the last record is not in "
		 "the audit log any more, which was moved or shortened\"",
		 (long long)x->at.n, (long long)n);
	take_none(x);
	return save(x, e) < 0 ? -1 : auditfeed_seek(&x->f, name, start, e);
}

/* Searches the whole log for the last told record, or for the one that follows it. Else begins with
 * the first one. Returns 1, 0 if there is no record, -1 on error. */
static int find_anywhere(struct telling *x, struct err *e)
{
	char prev[SHAPLAIN_HEX + 1], name[AUDIT_NAME] = "";
	struct auditfeed *f = &x->f;
	int64_t n, first = 0;
	off_t start = 0;
	int got = auditfeed_seek(f, "", 0, e);

	while (got > 0 && (got = auditfeed_next(f, false, e)) > 0) {
		if (!audit_parse(f->line, f->len, &n, prev))
			continue;
		if (n == x->at.n && is_last_told(x))
			return 1;
		if (n == x->at.n + 1 && strcmp(prev, x->at.sha256) == 0)
			return auditfeed_seek(f, f->name, f->start, e);
		if (!*name) {
			memcpy(name, f->name, sizeof(name));
			start = f->start;
			first = n;
		}
	}
	return got < 0 || !*name ? got : begin_with(x, name, start, first, e);
}

/* The next line of the feed will be the first one that is not told. Returns 1, 0 if there is no
 * record, -1 on error. */
static int find(struct telling *x, struct err *e)
{
	int found;

	if (!*x->at.sha256)
		return pass_over_all(x, e);
	if (!*x->at.file)
		return 1;
	found = find_at_place(x, e);
	return found == 0 ? find_anywhere(x, e) : found;
}

/* Returns the event as JSON on one line, with the record as it is in the file. NULL if the line is
 * no JSON: members of the queue's group can write what they like. */
static char *event_text(const struct auditfeed *f)
{
	json_t *record = json_loadb(f->line, f->len, 0, NULL), *name;
	char node[65] = "", *text = NULL;
	own_free char *quoted = NULL;

	(void)gethostname(node, sizeof(node) - 1);
	name = *node ? json_string(node) : json_null();
	quoted = json_dumps(name, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	if (json_is_object(record))
		text = fs_path("{\"event\":\"audit\",\"node\":%s,\"record\":%s}",
			       quoted ? quoted : "null", f->line);
	json_decref(name);
	json_decref(record);
	return text;
}

/* A power cut must not take away a record that a program knows. */
static int sync_log(const struct auditfeed *f, struct err *e)
{
	return FAILSTEP("notify-audit-sync", fdatasync(fileno(f->file))) < 0
		       ? err_sys(e, ERR_OPERATOR, "cannot sync %s of the audit log", f->name)
		       : 0;
}

/* Returns 1 if the record is told, 0 if not yet, -1 on error. */
static int tell(struct telling *x, int64_t n, const char *text, struct err *e)
{
	const struct conf *c = x->t->c;
	struct delivery d = {.dir = c->events_dir,
			     .event = "audit",
			     .timeout_s = c->notify_timeout_s,
			     .text = text,
			     .len = strlen(text),
			     .stop = x->t->stop};
	struct err why = ERR_INIT;
	char digest[SHAPLAIN_HEX + 1];
	enum delivered done;

	shaplain_hex(x->f.line, x->f.len, digest);
	if (strcmp(digest, x->at.trying) == 0)
		memcpy(d.done, x->at.program, sizeof(d.done));
	done = deliver(&d, &why);
	if (done != DELIVERED_FAILED)
		return done == DELIVERED_ALL;
	memcpy(x->at.trying, digest, sizeof(digest));
	memcpy(x->at.program, d.done, sizeof(d.done));
	err_wrap(&why, "record %lld", (long long)n);
	return fail(x, AUDITCURSOR_FAILED, &why, e);
}

/* Returns 1 if the line that was read needs nothing more, 0 if it does, -1 on error. */
static int settle(struct telling *x, struct err *e)
{
	bool had_failed = *x->at.reason != '\0';
	char prev[SHAPLAIN_HEX + 1];
	struct err why = ERR_INIT;
	own_free char *text = NULL;
	int64_t n;
	int told;

	if (!audit_parse(x->f.line, x->f.len, &n, prev))
		return 1;
	if (sync_log(&x->f, &why) < 0)
		return fail_reading(x, &why, e);
	text = event_text(&x->f);
	if (!text)
		log_warn("event=notify-audit-skipped file=%s byte=%lld reason=\"the line is not "
			 "JSON\"",
			 x->f.name, (long long)x->f.start);
	told = text ? tell(x, n, text, e) : 1;
	if (told <= 0)
		return told;
	failpoint("notify-audit-before-cursor");
	take(x, n);
	if (had_failed)
		log_info("event=notify-audit-told last=%lld", (long long)n);
	return save(x, e) < 0 ? -1 : 1;
}

static bool is_stopped(const struct telling *x)
{
	struct pollfd fd = {.fd = x->t->stop, .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

/* Nothing is left. The state may still be that of a log that could not be read. */
static int rest(struct telling *x, struct err *e)
{
	x->t->is_behind = false;
	if (strcmp(x->at.state, AUDITCURSOR_TOLD) == 0)
		return 0;
	set_state(&x->at, AUDITCURSOR_TOLD);
	return save(x, e);
}

static int tell_all(struct telling *x, struct err *e)
{
	bool is_new = !*x->at.sha256;
	struct err why = ERR_INIT;
	int got = auditfeed_open(&x->f, x->t->c->audit_dir, &why), done;

	if (got == 0)
		got = find(x, &why);
	if (got > 0 && is_new && save(x, e) < 0)
		return -1;
	while (got > 0 && (got = auditfeed_next(&x->f, false, &why)) > 0) {
		done = settle(x, e);
		if (done <= 0)
			return done;
		if (is_stopped(x) || clock_mono_ms() >= x->t->until_ms)
			return 1;
	}
	return got < 0 ? fail_reading(x, &why, e) : rest(x, e);
}

/* Returns 1, -1 on error. */
static int load(struct telling *x, struct err *e)
{
	const char *dir = x->t->c->notify_dir;
	char quoted[2 * ERR_MSG_MAX];
	struct err why = ERR_INIT;
	int known = auditcursor_load(dir, &x->at, &why);

	if (known >= 0)
		return 1;
	if (why.sys != 0 || why.class != ERR_OPERATOR) {
		*e = why;
		return -1;
	}
	err_wrap(&why, "begins with the first record of the audit log");
	log_warn("event=notify-audit-lost reason=%s",
		 log_quote(quoted, sizeof(quoted), why.msg));
	take_none(x);
	return 1;
}

int audittell(struct audittell *t, struct err *e)
{
	own_free struct telling *x = calloc(1, sizeof(*x));
	int more;

	t->next_ms = INT64_MAX;
	t->is_behind = false;
	if (t->c->notify_audit == CONF_NOTIFY_AUDIT_NO)
		return t->is_fresh ? auditcursor_remove(t->c->notify_dir, e) : 0;
	if (!x)
		return err_set(e, ERR_NOBODY, "out of memory for the audit log");
	x->t = t;
	x->f = (struct auditfeed)AUDITFEED_INIT;
	if (load(x, e) < 0)
		return -1;
	t->is_behind = true;
	if (!t->is_fresh && !retry_is_due(x->at.next_ms)) {
		t->next_ms = retry_mono_ms(x->at.next_ms);
		return 0;
	}
	more = tell_all(x, e);
	auditfeed_close(&x->f);
	return more;
}
