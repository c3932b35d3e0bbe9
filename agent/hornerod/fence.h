/*
 * fence: "JOB ATTEMPT TOKEN" becomes what a publisher of this image must have been told.
 */
#ifndef HORNERO_AGENT_HORNEROD_FENCE_H
#define HORNERO_AGENT_HORNEROD_FENCE_H

#include "conf/conf.h"

#include <stdint.h>

enum { FENCE_TOKEN = 32 };
int fence_set(const struct conf *c, const char *image, int64_t job, int64_t attempt,
	      char token[FENCE_TOKEN + 1], struct err *e);

#endif
