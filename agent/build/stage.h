/*
 * stage: one sandbox run from its start until nobody is left in it.
 *
 *     own_stage struct stage s;
 *     stage_init(&s, log);
 *     … sandbox_begin(&s.args, STAGE_FD_SANDBOX, STAGE_FD_FILTERS), sandbox_bind, sandbox_command, the command …
 *     if (stage_run(&s, e) < 0) …            could not be started
 *     s.ended, s.status, s.text …
 *
 * Output goes to the attempt's log, bounded. On return every process of the stage has been
 * reaped (but where STAGE_HANGS says otherwise): we are the subreaper, so bwrap's init becomes our child, and an init dies last of its
 * PID namespace. Nobody is left who could change a file.
 *
 * SIGTERM, which comes when the agent dies, ends the sandbox first and us then.
 */
#ifndef HORNERO_AGENT_BUILD_STAGE_H
#define HORNERO_AGENT_BUILD_STAGE_H

#include "agent/build/stagelog.h"
#include "agent/build/lastline.h"
#include "lib/args.h"
#include "lib/err.h"
#include "lib/spawn.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Descriptors in the sandbox. */
enum {
	STAGE_FD_LINES = 3,   /* the stage's own words, line by line */
	STAGE_FD_GO = 4,      /* checkout waits here */
	STAGE_FD_IN = 5,
	STAGE_FD_OUT = 6,
	STAGE_FD_SANDBOX = 7, /* bwrap's report; closed before the command starts */
	STAGE_FD_FILTERS = 8, /* and 9: bwrap's system call filters; closed, too */
};

enum stage_end {
	STAGE_EXIT,    /* the command ended by itself: status */
	STAGE_TIMEOUT, /* limit_ms */
	STAGE_SILENCE, /* no output */
	STAGE_STARVED, /* waited for a processor for STAGE_STARVED_TIMES its limit */
	STAGE_LOG,     /* more output than the bound */
	STAGE_DISK,    /* is_low said so, before or just after the command ended */
	STAGE_HANGS,   /* somebody of it does not die of SIGKILL, and may still write: what it left is not to be used */
	STAGE_SANDBOX, /* bwrap failed before the command ran: its words are in the log */
};

/* However long it waits for a processor, a stage ends. A node of two processors that gives builds a tenth of their default quota
 * makes a second of 50. */
enum { STAGE_STARVED_TIMES = 50 };

struct stage {
	struct args args;
	struct stage_log *log;
	bool speaks;            /* one of our own programs: gets STAGE_FD_LINES */
	bool own_words;         /* and what it prints is hornero's */
	struct spawn_fd fds[6]; /* besides LINES and SANDBOX */
	size_t nfds;
	const int *join;
	size_t njoin;
	bool set_ids;
	uid_t uid;
	gid_t gid;
	int64_t limit_ms, silence_ms; /* of time in which it could run (lib/fairtime.h); 0: no bound */
	/* Called for each line on STAGE_FD_LINES but "error TEXT". */
	void (*on_line)(void *arg, const char *line);
	void *arg;
	/* Asked a few times a second, and once more when nobody is left. */
	bool (*is_low)(void *disk);
	void *disk;

	enum stage_end ended;
	int status;       /* exit code of the command; 128 + N where signal N killed it */
	struct lastline last; /* of its output; bubblewrap's own where the sandbox failed */
	char text[1024];  /* TEXT of its "error TEXT" */
	int64_t took_ms;  /* on the wall, less pauses */
};

void stage_init(struct stage *s, struct stage_log *log);
void stage_fini(struct stage *s);

/* Once per process, before the first stage: become the subreaper. */
int stage_prepare(struct err *e);

int stage_run(struct stage *s, struct err *e);

#define own_stage __attribute__((cleanup(stage_fini)))

#endif
