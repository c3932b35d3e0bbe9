/* queuelocation: where the queue is, and what else on the node holds job numbers. */
#ifndef HORNERO_AGENT_COMMON_QUEUELOCATION_H
#define HORNERO_AGENT_COMMON_QUEUELOCATION_H

#include "conf/conf.h"
#include "db/db.h"

/* The result borrows from c. */
struct db_queue queue_location(const struct conf *c);

#endif
