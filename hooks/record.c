/* record: DIAGNOSTICS: as state/audit.h. */
#include "hooks/record.h"

#include "conf/keyring.h"
#include "lib/own.h"
#include "state/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 8 << 10 /* of refs, in one record */ };

/* The key that has the name now: the keys file may have changed since the login. */
static void add_key(struct audit *a, const struct record *r)
{
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *key = NULL;
	struct err ignored = ERR_INIT;
	char print[SSHKEY_PRINT_MAX];

	if (keyring_load(r->p->conf->keys_file, NULL, NULL, &ring, &ignored) == 0)
		key = keyring_named(ring, r->who->name);
	if (key && keyring_fingerprint(key, print))
		audit_text(a, "key", print);
}

static void add_options(struct audit *a)
{
	const char *count = getenv("GIT_PUSH_OPTION_COUNT");
	size_t n = count ? strtoul(count, NULL, 10) : 0;

	if (n == 0)
		return;
	audit_list(a, "options");
	for (size_t i = 0; i < n && i < PUSHOPT_MAX; i++) {
		char name[32], text[201];
		const char *value;

		snprintf(name, sizeof(name), "GIT_PUSH_OPTION_%zu", i);
		value = getenv(name);
		snprintf(text, sizeof(text), "%s", value ? value : "");
		audit_word(a, text);
	}
	audit_list_end(a);
}

static void begin(struct audit *a, const struct record *r)
{
	audit_begin(a, r->event);
	audit_text(a, "who", r->who->name);
	audit_text(a, "by", r->who->is_key ? "key" : r->who->is_mirror ? "mirror" : "user");
	if (r->who->is_key)
		add_key(a, r);
	if (*r->who->from)
		audit_text(a, "from", r->who->from);
	audit_text(a, "repo", r->p->repo);
	add_options(a);
	if (r->signer)
		audit_text(a, "signer", r->signer);
	if (r->reason)
		audit_text(a, "reason", r->reason);
}

static void add_ref(struct audit *a, const struct refline *line)
{
	audit_item(a);
	audit_text(a, "ref", line->ref);
	audit_text(a, "old", line->old);
	audit_text(a, "new", line->new);
	audit_item_end(a);
}

static void add_jobs(struct audit *a, const struct moves *moves)
{
	size_t used = audit_room_used(a);

	audit_list(a, "jobs");
	for (size_t i = 0; i < moves->n && audit_room_used(a) < used + BYTES; i++) {
		const struct move *m = &moves->list[i];

		audit_item(a);
		audit_text(a, "image", m->img->uuid);
		audit_text(a, "commit", m->commit);
		if (m->done && !m->skipped)
			audit_number(a, "job", m->receipt.id);
		audit_item_end(a);
	}
	audit_list_end(a);
}

int record_push(const struct record *r, struct err *e)
{
	own_audit struct audit a = AUDIT_INIT;
	size_t i = 0;

	if (audit_open(&a, r->p->conf->audit_dir, AUDIT_WAIT_MS, e) < 0)
		return -1;
	do {
		begin(&a, r);
		if (r->moves && i == 0)
			add_jobs(&a, r->moves);
		audit_list(&a, "refs");
		for (size_t used = audit_room_used(&a);
		     i < r->pushed->n && audit_room_used(&a) < used + BYTES; i++)
			add_ref(&a, &r->pushed->lines[i]);
		audit_list_end(&a);
		if (audit_end(&a, e) < 0)
			return -1;
	} while (i < r->pushed->n);
	/* The ref has moved, and says so itself. */
	if (r->moves) {
		audit_tell(&a);
		return 0;
	}
	return audit_sync(&a, e);
}
