/* queuelocation: DIAGNOSTICS: none. */
#include "agent/common/queuelocation.h"

#include "store/numbers.h"

static int64_t highest(const void *conf)
{
	const struct conf *c = conf;

	return numbers_highest(c->log_dir, c->fence_dir, c->store_dir);
}

struct db_queue queue_location(const struct conf *c)
{
	return (struct db_queue){.queue_dir = c->queue_dir, .highest = highest, .highest_arg = c};
}
