/* fuzz-handover: one file as what an earlier life of hornerod handed over. Accepted input is passed
 * on within its bounds, and no descriptor is touched that was not named. The calls into the rest of
 * hornerod end here. */
#include "fuzz-handover.h"

#include "agent/hornerod/handover.c"

#include "scratch.h"

int attempt_resume(struct agent *a, const struct attempt_past *past, struct err *e)
{
	(void)a;
	(void)e;
	promise(memchr(past->image, 0, sizeof(past->image)) &&
		memchr(past->leaf, 0, sizeof(past->leaf)) &&
		memchr(past->ended_by, 0, sizeof(past->ended_by)));
	return 0;
}

int publication_resume(struct agent *a, const struct publication_past *past, struct err *e)
{
	(void)a;
	(void)e;
	promise(memchr(past->image, 0, sizeof(past->image)) != NULL);
	return 0;
}

void earlier_take_children(struct agent *a)
{
	(void)a;
}

void sweeping_stop(struct agent *a)
{
	(void)a;
}

void db_close(struct db *db)
{
	(void)db;
}

int sd_notify(int unset, const char *state)
{
	(void)unset;
	(void)state;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_free char *path = fs_path("%s/state", scratch("state", data, size));
	struct agent *a = calloc(1, sizeof(*a));
	struct err e = ERR_INIT;
	int state = open(path, O_RDONLY | O_CLOEXEC);

	if (!a || state < 0)
		abort();
	if (handover_take_lock(a, state, &e) == 0)
		(void)handover_take_rest(a, &e);
	else if (fcntl(state, F_GETFD) >= 0)
		close(state);
	free(a->past);
	free(a);
	return 0;
}
