/* publication: hands a finished artifact to the publisher and takes its reply (publication_end.c
 * records it). DIAGNOSTICS: on any error the job stays built and says what it waits for; an
 * operator's fault holds it. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/foreign.h"
#include "agent/hornerod/publication.h"

#include "agent/common/fence.h"
#include "agent/common/publisher.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/store.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEATHS_MOST = 3, FIRST_WORD_MS = 30000 };

/* Returns false if the job does not wait any more: it was cancelled or superseded. */
static bool wait_for(struct agent *a, int64_t job, int64_t attempt, enum waiting kind,
		     const char *text)
{
	own_free char *said = fs_path("%s%s",
				      kind == WAITING_RETRY ? "tried again by itself: " : "", text);
	struct err e = ERR_INIT;

	if (job_set_waiting(a->db, job, attempt, kind, said, &e) == 0)
		return true;
	if (e.sys == ESTALE)
		log_info("event=publication-ended job=%lld attempt=%lld", (long long)job,
			 (long long)attempt);
	else
		log_error("event=state-unwritten job=%lld %s", (long long)job, e.msg);
	return e.sys != ESTALE;
}

static void hold(struct agent *a, int64_t job, int64_t attempt, const char *reason)
{
	struct attempt_result r = {
		.class = "operator", .cause = cause_name(CAUSE_PUBLISH), .reason = reason};
	char quoted[2 * ERR_MSG_MAX];
	struct err e = ERR_INIT;

	log_error("event=publication-held job=%lld reason=%s", (long long)job,
		  log_quote(quoted, sizeof(quoted), reason));
	if (job_set_held(a->db, job, attempt, &r, &e) < 0)
		log_error("event=state-unwritten job=%lld %s", (long long)job, e.msg);
}

/* For a fault that the publisher or hornerod itself has found. */
static void fail(struct agent *a, int64_t job, int64_t attempt, const char *image,
		 enum err_class class, const char *text)
{
	char quoted[2 * ERR_MSG_MAX];

	log_warn("event=publication-failed job=%lld class=%s reason=%s", (long long)job,
		 err_class_name(class), log_quote(quoted, sizeof(quoted), text));
	if (class == ERR_OPERATOR)
		hold(a, job, attempt, text);
	else
		wait_for(a, job, attempt, WAITING_RETRY, text);
	publication_pause(a, image, AGENT_PUBLISH_AGAIN_MS);
}

/* The job stays built and is checked each second: the file may go, or the operator may permit to
 * replace it. */
static void take_foreign(struct publication *p, const struct reply *a)
{
	wait_for(p->agent, p->job, p->attempt, WAITING_FOREIGN, a->text);
	foreign_note(p->agent, p->image, p->job);
	publication_pause(p->agent, p->image, AGENT_RETRY_MS);
}

/* Returns true if that was the last reply. */
static bool take_reply(struct publication *p, const struct reply *a)
{
	struct err e = ERR_INIT;
	bool is_last = true;
	int placed;

	if (a->word == REPLY_PROCESS) {
		if (p->publisher.pid <= 0 && a->ino <= INT_MAX)
			p->process = (pid_t)a->ino;
		return false;
	}
	p->agent->publisher_deaths = 0;
	/* Flattening may take hours. If the job does not wait any more, end at this reply. */
	if (a->word == REPLY_WAITING)
		return !wait_for(p->agent, p->job, p->attempt, a->kind, a->text);
	placed = publication_record(p, a, &is_last, &e);
	p->answered = is_last;
	if (placed > 0)
		return is_last;
	if (placed < 0 && e.sys == ESTALE) {
		/* The row was cancelled or lost with a damaged queue. The record stands, and the
		 * sweep relies on it. */
		log_info("event=publication-without-row job=%lld %s", (long long)p->job, e.msg);
	} else if (placed < 0) {
		fail(p->agent, p->job, p->attempt, p->image, e.class, e.msg);
	} else if (a->word == REPLY_DEFERRED) {
		wait_for(p->agent, p->job, p->attempt, WAITING_INSTANCE, a->text);
		publication_pause(p->agent, p->image, AGENT_RETRY_MS);
	} else if (a->word == REPLY_FOREIGN) {
		take_foreign(p, a);
	} else {
		fail(p->agent, p->job, p->attempt, p->image, a->class, a->text);
	}
	return true;
}

static bool take_line(struct publication *p, const char *text)
{
	struct err e = ERR_INIT;
	struct reply a;

	p->kill_timer = sd_event_source_disable_unref(p->kill_timer);
	if (reply_parse(text, &a, &e) == 0)
		return take_reply(p, &a);
	fail(p->agent, p->job, p->attempt, p->image, e.class, e.msg);
	p->answered = true;
	return true;
}

/* A publisher may be killed at any time. After DEATHS_MOST deaths in a row the operator must look;
 * hornerod retries all the same. */
static void wait_for_publisher(const struct publication *p, const char *text)
{
	struct agent *a = p->agent;

	wait_for(a, p->job, p->attempt,
		 ++a->publisher_deaths < DEATHS_MOST ? WAITING_RETRY : WAITING_PUBLISHER, text);
	publication_pause(a, p->image, AGENT_PUBLISH_AGAIN_MS);
}

static void died(const struct publication *p)
{
	const char *socket = p->agent->conf->publish_socket;
	own_free char *text = NULL;

	if (*p->hung)
		text = fs_path("%s", p->hung);
	else if (socket)
		text = fs_path("the publisher at %s ended without an answer: `journalctl -u "
			       "'hornero-publish@*'` says why; if the User= of its unit does not "
			       "exist, systemd starts no publisher",
			       socket);
	else
		text = fs_path("hornero-publish ended without an answer; the log of hornerod may "
			       "say why");
	log_warn("event=publisher-died job=%lld attempt=%lld", (long long)p->job,
		 (long long)p->attempt);
	wait_for_publisher(p, text);
}

static int on_answer(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct publication *p = arg;
	struct agent *a = p->agent;
	char text[1024];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	(void)src;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0) {
		text[n] = '\0';
		if (!take_line(p, text))
			return 0;
	} else {
		died(p);
	}
	publication_let_go(p);
	agent_soon(a, 0);
	return 0;
}

/* Behind a socket unit there may be no process at all: only this timer notices. */
static int on_silence(sd_event_source *src, uint64_t at, void *arg)
{
	struct publication *p = arg;
	struct agent *a = p->agent;
	own_free char *text = fs_path("the publisher at %s has said nothing for %d s: `systemctl "
				      "status hornero-publish.socket 'hornero-publish@*'` says "
				      "why; `systemctl restart hornero-publish.socket` starts it "
				      "again",
				      a->conf->publish_socket, FIRST_WORD_MS / 1000);

	(void)src;
	(void)at;
	log_warn("event=publisher-silent job=%lld attempt=%lld", (long long)p->job,
		 (long long)p->attempt);
	wait_for_publisher(p, text);
	publication_let_go(p);
	agent_soon(a, 0);
	return 0;
}

void publication_give_up(struct publication *p)
{
	struct agent *a = p->agent;
	own_free char *text = fs_path("hornero-publish (process %d) is stopped or hangs in the "
				      "kernel",
				      (int)p->process);

	for (const struct publication *q = a->publications; q; q = q->next)
		if (q->given_up && strcmp(q->image, p->image) == 0)
			return;
	log_error("event=publisher-given-up job=%lld pid=%d another one publishes the image",
		  (long long)p->job, (int)p->process);
	p->given_up = true;
	agent_soon(a, 0);
	if (p->socket < 0)
		return;
	if (!p->prepares)
		wait_for(a, p->job, p->attempt, WAITING_RETRY, text);
	if (p->publisher.pid > 0)
		publication_let_go(p);
	else
		publication_hang_up(p);
}

static int ask(const struct publication *p, int raw, const struct fence *fence, struct err *e)
{
	char words[FENCE_TEXT];
	char text[512];

	snprintf(text, sizeof(text), "publish %s %s %s", p->image, p->verdict.made.digest,
		 fence_format(fence, words));
	return publisher_ask(p->socket, text, raw, e);
}

static int watch(struct agent *a, struct publication *p, struct err *e)
{
	int rc = sd_event_add_io(a->loop, &p->watch, p->socket, EPOLLIN, on_answer, p);

	if (rc >= 0)
		return 0;
	errno = -rc;
	return err_sys(e, ERR_US, "cannot watch a publisher");
}

static int begin(struct agent *a, struct publication *p, int raw, struct err *e)
{
	struct fence fence;

	if (fence_set(a->conf, p->image, p->job, p->attempt, &fence, e) < 0)
		return -1;
	if (p->socket < 0) {
		p->socket = publisher_reach(a->conf, &p->publisher, e);
		p->process = p->publisher.pid;
		failpoint("publisher-reached");
	}
	if (p->socket < 0 || ask(p, raw, &fence, e) < 0 || watch(a, p, e) < 0)
		return -1;
	/* One that prepared has spoken, and may be busy with that. */
	if (p->process <= 0 &&
	    sd_event_add_time_relative(a->loop, &p->kill_timer, CLOCK_BOOTTIME,
				       FIRST_WORD_MS * (uint64_t)1000, 0, on_silence, p) < 0)
		return err_set(e, ERR_NOBODY, "out of memory for a clock");
	return 0;
}

/* Requeues a job whose artifact is not in the store any more. A changed artifact counts as a crash:
 * if something changes every artifact, the third holds the job. */
static int build_again(struct agent *a, const struct job *j, const char *reason, bool changed,
		       struct err *e)
{
	struct attempt_result r = {
		.class = "nobody", .cause = cause_name(CAUSE_STORE), .reason = reason};

	return job_set_requeued(a->db, j->id, j->attempt, &r, 0, changed, e);
}

int publication_resume(struct agent *a, const struct publication_past *past, struct err *e)
{
	struct job j = {.id = past->job, .attempt = past->attempt};
	char quoted[2 * ERR_MSG_MAX];
	struct err why = ERR_INIT;
	struct publication *p;
	struct verdict v = {0};
	int found;

	memcpy(j.image, past->image, sizeof(j.image));
	found = verdict_read(a->conf->log_dir, j.id, j.attempt, &v, &why);
	p = publication_add(a, &j, &v, e);
	if (!p)
		return -1;
	p->socket = past->socket;
	p->start_ms = past->start_ms;
	p->process = past->process;
	if (past->pid > 0 && spawn_adopt(past->pid, &p->publisher, e) < 0)
		return err_wrap(e, "cannot take over the publisher");
	if (found == 1 && p->socket >= 0)
		return watch(a, p, e);
	if (p->socket < 0) {
		publication_let_go(p);
		return 0;
	}
	/* Its reply could not be recorded. The job stays built; a later turn publishes it again.
	 */
	log_error("event=publication-dropped job=%lld attempt=%lld reason=%s", (long long)j.id,
		  (long long)j.attempt,
		  log_quote(quoted, sizeof(quoted),
			    found < 0 ? why.msg : "its verdict is missing"));
	publication_let_go(p);
	return 0;
}

static int start(struct agent *a, const struct job *j, struct err *e)
{
	char quoted[2 * ERR_MSG_MAX];
	struct publication *p;
	struct manifest m;
	struct verdict v;
	own_fd int raw = -1;
	int rc = verdict_read(a->conf->log_dir, j->id, j->attempt, &v, e);

	if (rc != 1 || v.class != ERR_NONE || strcmp(v.made.image, j->image) != 0)
		return build_again(a, j, rc < 0 ? e->msg : "its verdict is missing", false, e);
	if (foreign_stands(a, j->image, j->id)) {
		publication_pause(a, j->image, AGENT_RETRY_MS);
		return 0;
	}
	/* A forced build, or one for changed bytes, doubts the file in the cache: the publisher
	 * compares. It also removes the file of one that died. */
	rc = j->force || strcmp(j->origin, "verify") == 0 || a->publisher_deaths > 0
		     ? 0
		     : publication_already_warm(a, &v, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	raw = store_open(a->conf->store_dir, v.made.digest, &m, e);
	if (raw < 0 && (e->sys == ENOENT || e->sys == ESTALE)) {
		struct err why = *e;

		log_warn("event=artifact-refused job=%lld reason=%s", (long long)j->id,
			 log_quote(quoted, sizeof(quoted), why.msg));
		return build_again(a, j, why.msg, why.sys == ESTALE, e);
	}
	if (raw < 0)
		return -1;
	p = publication_prepared(a, j, &v);
	if (p && begin(a, p, raw, e) == 0)
		return 0;
	/* It may have died meanwhile. */
	if (p)
		publication_let_go(p);
	p = publication_add(a, j, &v, e);
	if (!p)
		return -1;
	rc = begin(a, p, raw, e);
	if (rc == 0)
		return 0;
	/* One that dies at its start is the same event before our request and after it. */
	if (e->sys == EPIPE || e->sys == ECONNRESET) {
		died(p);
		rc = 0;
	}
	publication_let_go(p);
	return rc;
}

void publication_start(struct agent *a, const struct job *j)
{
	struct err e = ERR_INIT;

	if (start(a, j, &e) < 0)
		fail(a, j->id, j->attempt, j->image, e.class, e.msg);
}

void publication_stop_all(struct agent *a)
{
	while (a->publications) {
		publication_hang_up(a->publications);
		publication_end_now(a->publications);
	}
	publication_forget_pauses(a);
	foreign_forget_all(a);
}
