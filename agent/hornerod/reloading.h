/*
 * reloading: `hornerod --reload=PID` asks a hornerod for a reload and waits for its answer, so that
 * `systemctl reload` ends when the handover is over. The answer is the file RUN_DIR/reloaded.
 */
#ifndef HORNERO_AGENT_HORNEROD_RELOADING_H
#define HORNERO_AGENT_HORNEROD_RELOADING_H

#include "conf/conf.h"
#include "lib/err.h"

#include <sys/types.h>

/* Says how a reload ended: refusal is the reason, or NULL if this is the new life. */
void reloading_answer(const struct conf *c, const char *refusal);

/* Returns 0 once the reload is done. Else -1: ERR_OPERATOR with the reason of a refusal, or if the
 * process ends; ERR_NOBODY if it does not answer in time. */
int reloading_ask(const struct conf *c, pid_t pid, struct err *e);

#endif
