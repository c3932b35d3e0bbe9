/* failpoint: at most one point is armed. DIAGNOSTICS: ERR_OPERATOR for a spec that names no action;
 * at a point the process dies or stops on purpose. */
#include "lib/failpoint.h"

#include "lib/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum act { ACT_KILL, ACT_STOP, ACT_EXIT, ACT_LOG, ACT_FAIL };

static const struct {
	const char *word;
	enum act act;
	int sys;
} acts[] = {
	{"kill", ACT_KILL, 0},         {"stop", ACT_STOP, 0},    {"exit", ACT_EXIT, 0},
	{"log", ACT_LOG, 0},           {"EIO", ACT_FAIL, EIO},   {"EINTR", ACT_FAIL, EINTR},
	{"ENOSPC", ACT_FAIL, ENOSPC},  {"ENOMEM", ACT_FAIL, ENOMEM},
};

struct point {
	char spec[FAILPOINT_SPEC_MAX + 1];
	char name[FAILPOINT_SPEC_MAX + 1]; /* empty: nothing is armed */
	char program[FAILPOINT_SPEC_MAX + 1]; /* empty: all of them */
	enum act act;
	int sys;
	long nth, passed;
};

static struct point armed;

static int refuse(const char *spec, struct err *e)
{
	return err_set(e, ERR_OPERATOR, "\"%s\": [PROGRAM/]NAME[:ACTION[:N]] is allowed; ACTION is "
		       "kill, stop, exit, log, ENOSPC, EIO, EINTR or ENOMEM, and N 1 to 99999",
		       spec);
}

static bool take_act(const char *word, size_t len, struct point *p)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strlen(acts[i].word) == len && strncmp(acts[i].word, word, len) == 0) {
			p->act = acts[i].act;
			p->sys = acts[i].sys;
			return true;
		}
	return false;
}

static int parse(const char *spec, struct point *p, struct err *e)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strnlen(spec, FAILPOINT_SPEC_MAX + 1), n = strspn(spec, lower);
	const char *at = spec;

	*p = (struct point){.nth = 1};
	if (len > FAILPOINT_SPEC_MAX || n == 0)
		return refuse(spec, e);
	memcpy(p->spec, spec, len);
	if (at[n] == '/') {
		memcpy(p->program, at, n);
		at += n + 1;
		n = strspn(at, lower);
	}
	if (n == 0)
		return refuse(spec, e);
	memcpy(p->name, at, n);
	at += n;
	if (*at == ':') {
		n = strcspn(++at, ":");
		if (!take_act(at, n, p))
			return refuse(spec, e);
		at += n;
	}
	if (*at == ':') {
		n = strspn(++at, "0123456789");
		p->nth = n > 0 && n <= 5 ? strtol(at, NULL, 10) : 0;
		at += n;
	}
	return *at || p->nth < 1 ? refuse(spec, e) : 0;
}

int failpoint_check(const char *spec, struct err *e)
{
	struct point p;

	return parse(spec, &p, e);
}

void failpoint_arm(const char *spec)
{
	struct err ignored = ERR_INIT;
	struct point p = {.nth = 1};

	if (spec && strcmp(spec, armed.spec) == 0)
		return;
	if (spec && *spec && parse(spec, &p, &ignored) < 0)
		p = (struct point){.nth = 1};
	if (*p.program && strcmp(p.program, program_invocation_short_name) != 0)
		*p.name = '\0';
	armed = p;
	if (*armed.name && armed.act != ACT_LOG)
		log_warn("event=failpoint-armed point=%s", armed.spec);
}

bool failpoint_is_armed(void)
{
	return *armed.name;
}

/* Whether it is armed, and this is the time. */
static bool is_due(const char *name)
{
	if (!*armed.name || (strcmp(armed.name, name) != 0 && strcmp(armed.name, "all") != 0))
		return false;
	armed.passed++;
	return armed.act == ACT_LOG || armed.passed == armed.nth ||
	       (armed.act == ACT_STOP && armed.passed > armed.nth);
}

static void say(const char *name)
{
	int saved = errno;

	if (armed.act == ACT_LOG)
		log_warn("event=failpoint-passed program=%s point=%s",
			 program_invocation_short_name, name);
	else
		log_warn("event=failpoint point=%s", armed.spec);
	errno = saved;
}

static void act(const char *name)
{
	say(name);
	switch (armed.act) {
	case ACT_EXIT: _exit(1);
	case ACT_STOP: raise(SIGSTOP); return;
	case ACT_KILL:
		raise(SIGKILL);
		_exit(128 + SIGKILL); /* the first process of a PID namespace survives its own */
	case ACT_LOG:
	case ACT_FAIL: return;
	}
}

void failpoint_pass(const char *name)
{
	if (armed.act != ACT_FAIL && is_due(name))
		act(name);
}

bool failpoint_fails(const char *name)
{
	if (!is_due(name))
		return false;
	act(name);
	if (armed.act != ACT_FAIL)
		return false;
	errno = armed.sys;
	return true;
}
