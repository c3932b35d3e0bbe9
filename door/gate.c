/* gate: DIAGNOSTICS: none. */
#include "door/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS = 1024, CRASH_OFFENCES = 4 };

struct slot {
	struct address from;
	int64_t order; /* 0: free; else the number of its admission */
	bool in;       /* logged in */
	bool busy;     /* runs a command */
	char key[KEY_NAME_MAX + 1];
};

/* An address with offences or a login. */
struct record {
	struct address from;
	int64_t last_ms;  /* of its last offence or login; 0: free */
	int64_t known_ms; /* of its last login; 0: none */
	int64_t until_ms; /* shut out until then */
	int offences;
	int64_t left_ms; /* when `left` began to count */
	int left;        /* times that it left before logging in */
};

struct gate {
	struct gate_limits limits;
	int64_t admissions;
	struct record records[RECORDS];
	struct slot slots[];
};

struct gate *gate_new(const struct gate_limits *limits)
{
	struct gate *g = calloc(1, sizeof(*g) + limits->connections * sizeof(g->slots[0]));

	if (g)
		g->limits = *limits;
	return g;
}

void gate_free(struct gate *g)
{
	free(g);
}

static struct record *record_find(struct gate *g, const struct address *from)
{
	for (size_t i = 0; i < RECORDS; i++)
		if (g->records[i].last_ms && address_same(&g->records[i].from, from))
			return &g->records[i];
	return NULL;
}

static bool is_known(const struct record *r, int64_t now_ms)
{
	return r->known_ms && now_ms - r->known_ms < GATE_KNOWN_MS;
}

/* If all are taken, the one with the oldest event gives way; records without a login go first. */
static struct record *record_make(struct gate *g, const struct address *from)
{
	struct record *r = record_find(g, from);

	if (r)
		return r;
	r = g->records;
	for (size_t i = 1; i < RECORDS; i++)
		if (!g->records[i].known_ms == !r->known_ms ? g->records[i].last_ms < r->last_ms
							    : !g->records[i].known_ms)
			r = &g->records[i];
	*r = (struct record){.from = *from};
	return r;
}

static void offend(struct gate *g, const struct address *from, int offences, int64_t now_ms)
{
	struct record *r = record_make(g, from);
	int64_t forgotten = r->last_ms ? (now_ms - r->last_ms) / GATE_FORGET_MS : 0;
	int64_t wait_ms = GATE_PENALTY_MS;
	bool known = is_known(r, now_ms);

	/* Connections that began before the penalty add nothing. */
	if (r->until_ms > now_ms ||
	    (known && r->until_ms && now_ms - r->until_ms < GATE_PENALTY_MS))
		return;
	r->offences = forgotten >= r->offences ? 0 : r->offences - (int)forgotten;
	r->offences += offences;
	r->last_ms = now_ms ? now_ms : 1;
	if (r->offences <= GATE_FREE_OFFENCES)
		return;
	for (int i = GATE_FREE_OFFENCES + 1;
	     i < r->offences && wait_ms < GATE_PENALTY_MAX_MS && !known; i++)
		wait_ms *= 2;
	r->until_ms = now_ms + (wait_ms < GATE_PENALTY_MAX_MS ? wait_ms : GATE_PENALTY_MAX_MS);
}

/* A monitor does this now and then, a scanner all the time. */
static void leave_early(struct gate *g, const struct address *from, int64_t now_ms)
{
	struct record *r = record_make(g, from);

	r->last_ms = r->last_ms ? r->last_ms : now_ms ? now_ms : 1;
	if (r->left == 0 || now_ms - r->left_ms > GATE_LEFT_MS) {
		r->left_ms = now_ms;
		r->left = 0;
	}
	if (++r->left < GATE_LEFT_MAX)
		return;
	r->left = 0;
	offend(g, from, 1, now_ms);
}

/* Returns how many slots an address has taken (NULL: all addresses). waiting: count only those not
 * logged in. */
static size_t count(const struct gate *g, const struct address *from, bool waiting)
{
	size_t n = 0;

	for (size_t i = 0; i < g->limits.connections; i++) {
		const struct slot *s = &g->slots[i];

		n += s->order && (!waiting || !s->in) && (!from || address_same(&s->from, from));
	}
	return n;
}

static size_t count_key(const struct gate *g, const char *key, bool idle)
{
	size_t n = 0;

	for (size_t i = 0; i < g->limits.connections; i++) {
		const struct slot *s = &g->slots[i];

		n += s->order && s->in && !(idle && s->busy) && strcmp(s->key, key) == 0;
	}
	return n;
}

/* Returns the oldest connection that is not logged in: of the address from, or (NULL) of the
 * address that has most of them; -1 if there is none. */
static long pick_waiting(const struct gate *g, const struct address *from)
{
	size_t most = 0;
	long victim = -1;

	for (size_t i = 0; i < g->limits.connections; i++) {
		const struct slot *s = &g->slots[i];
		size_t n;

		if (!s->order || s->in || (from && !address_same(&s->from, from)))
			continue;
		n = from ? 1 : count(g, &s->from, true);
		if (n > most || (n == most && s->order < g->slots[victim].order)) {
			most = n;
			victim = (long)i;
		}
	}
	return victim;
}

/* Returns the oldest idle connection that is logged in: of a key (NULL: of the key that has most of
 * them), from an address (NULL: any); -1 if there is none. */
static long pick_idle(const struct gate *g, const char *key, const struct address *from)
{
	size_t most = 0;
	long victim = -1;

	for (size_t i = 0; i < g->limits.connections; i++) {
		const struct slot *s = &g->slots[i];
		size_t n;

		if (!s->order || !s->in || s->busy || (key && strcmp(s->key, key) != 0) ||
		    (from && !address_same(&s->from, from)))
			continue;
		n = count_key(g, s->key, true);
		if (n > most || (n == most && s->order < g->slots[victim].order)) {
			most = n;
			victim = (long)i;
		}
	}
	return victim;
}

static long pick_victim(const struct gate *g, const struct address *from)
{
	long victim = pick_waiting(g, from);

	return victim < 0 ? pick_idle(g, NULL, from) : victim;
}

static long free_slot(const struct gate *g)
{
	for (size_t i = 0; i < g->limits.connections; i++)
		if (!g->slots[i].order)
			return (long)i;
	return -1;
}

struct gate_verdict gate_admit(struct gate *g, const struct address *from, int64_t now_ms)
{
	struct gate_verdict v = {.answer = GATE_FULL};
	const struct record *r = record_find(g, from);
	long slot = free_slot(g);

	if (r && r->until_ms > now_ms)
		return (struct gate_verdict){.answer = GATE_PENALTY,
					     .wait_ms = r->until_ms - now_ms};
	if (count(g, from, false) >= g->limits.connections_per_address) {
		v.answer = GATE_ADDRESS_FULL;
		v.evicts = true;
		slot = pick_victim(g, from);
	} else if (slot < 0 || count(g, NULL, true) >= g->limits.logins) {
		v.evicts = true;
		slot = pick_victim(g, NULL);
	}
	if (slot < 0) {
		v.evicts = false;
		return v;
	}
	g->slots[slot] = (struct slot){.from = *from, .order = ++g->admissions};
	v.answer = GATE_IN;
	v.slot = (size_t)slot;
	return v;
}

struct gate_verdict gate_logged_in(struct gate *g, size_t slot, const char *key, int64_t now_ms)
{
	struct gate_verdict v = {.answer = GATE_IN};
	struct slot *s = &g->slots[slot];
	struct record *r = record_make(g, &s->from);

	now_ms = now_ms ? now_ms : 1;
	*r = (struct record){.from = s->from, .last_ms = now_ms, .known_ms = now_ms};
	if (count_key(g, key, false) >= g->limits.connections_per_key) {
		long idle = pick_idle(g, key, NULL);

		v.evicts = idle >= 0;
		v.slot = idle >= 0 ? (size_t)idle : slot;
		v.answer = idle >= 0 ? GATE_IN : GATE_KEY_FULL;
	}
	if (v.evicts)
		g->slots[v.slot] = (struct slot){0};
	/* A refused connection belongs to no key, but is no offence of its address either. */
	s->in = true;
	s->busy = false;
	snprintf(s->key, sizeof(s->key), "%s", v.answer == GATE_IN ? key : "");
	return v;
}

void gate_busy(struct gate *g, size_t slot, bool busy)
{
	g->slots[slot].busy = busy;
}

void gate_leave(struct gate *g, size_t slot, enum gate_end how, int64_t now_ms)
{
	struct slot *s = &g->slots[slot];

	/* After the login nothing counts as an offence: others may share the address. */
	if (!s->in && how == GATE_LEFT)
		leave_early(g, &s->from, now_ms);
	else if (!s->in && how != GATE_GONE)
		offend(g, &s->from, how == GATE_CRASH ? CRASH_OFFENCES : 1, now_ms);
	*s = (struct slot){0};
}
