/*
 * stage: runs one sandbox until no process is left in it.
 *
 *     own_stage struct stage s;
 *     stage_init(&s, log);
 *     … sandbox_begin(&s.args, STAGE_FD_SANDBOX, STAGE_FD_FILTERS), sandbox_bind …
 *     … sandbox_command, the command …
 *     if (stage_run(&s, e) < 0) …            could not be started
 *     s.ended, s.status, s.text …
 *
 * Output goes to the attempt's log, up to its limit. On return every process of the stage has been
 * reaped, except after STAGE_HANGS, so none can change a file any more. We are the subreaper, so
 * bwrap's init becomes our child, and an init is the last of its PID namespace to end.
 *
 * If SIGTERM comes, sent when hornerod dies, the sandbox is killed first, then we end.
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
	STAGE_FD_LINES = 3,   /* the stage's reports, line by line */
	STAGE_FD_GO = 4,      /* checkout waits here */
	STAGE_FD_IN = 5,
	STAGE_FD_OUT = 6,
	STAGE_FD_SANDBOX = 7, /* bwrap's report; closed before the command starts */
	STAGE_FD_FILTERS = 8, /* and 9: bwrap's system call filters; closed, too */
};

enum stage_end {
	STAGE_EXIT,    /* the command ended by itself, with `status` */
	STAGE_TIMEOUT, /* used up limit_ms */
	STAGE_SILENCE, /* no output for silence_ms */
	STAGE_STARVED, /* took STAGE_STARVED_TIMES its limit by the wall clock */
	STAGE_LOG,     /* exceeded the log's limit */
	STAGE_DISK,    /* is_low returned true, before or just after the command ended */
	/* a process survives SIGKILL and may still write: do not use what the stage left */
	STAGE_HANGS,
	STAGE_SANDBOX, /* bwrap failed before the command ran: its message is in the log */
};

enum { STAGE_FDS = 16 };

/* Bounds the wall clock of a stage that waits for a processor. A node of two processors that gives
 * builds a tenth of their default quota makes 50 s of one second. */
enum { STAGE_STARVED_TIMES = 50 };

struct stage {
	struct args args;
	struct stage_log *log;
	bool speaks;            /* one of our own programs: gets STAGE_FD_LINES */
	bool own_words;         /* its output counts as hornero's own lines */
	struct spawn_fd fds[STAGE_FDS]; /* besides LINES and SANDBOX */
	size_t nfds;
	const int *join;
	size_t njoin;
	bool set_ids;
	uid_t uid;
	gid_t gid;
	/* of time in which it could run (lib/fairtime.h); 0 if unlimited */
	int64_t limit_ms, silence_ms;
	/* Called for each line on STAGE_FD_LINES except "error TEXT". */
	void (*on_line)(void *arg, const char *line);
	void *arg;
	/* Called a few times a second, and once more when no process is left. */
	bool (*is_low)(void *disk);
	void *disk;

	enum stage_end ended;
	int status;       /* exit code of the command; 128 + N if signal N killed it */
	struct lastline last; /* of its output; bubblewrap's own if the sandbox failed */
	char text[1024];  /* TEXT of its "error TEXT" */
	int64_t took_ms;  /* wall clock, without pauses */
};

void stage_init(struct stage *s, struct stage_log *log);
void stage_fini(struct stage *s);

/* Makes this process the subreaper. Call it once, before the first stage. */
int stage_prepare(struct err *e);

int stage_run(struct stage *s, struct err *e);

#define own_stage __attribute__((cleanup(stage_fini)))

#endif
