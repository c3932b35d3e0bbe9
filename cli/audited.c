/* audited: DIAGNOSTICS: as state/audit.h. */
#include "cli/audited.h"

#include "conf/keyring.h"
#include "lib/own.h"
#include "state/audit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USAGE = 64, TEXT_MAX = 1000, WORDS_MAX = 20 };
#define NO_ID ((uid_t)-1)

/* Root acts as hornero's user, who owns the directory and could exchange it for a link. */
struct stepped {
	bool down;
	gid_t gid;
};

static int step_down(const struct conf *c, struct stepped *s, struct err *e)
{
	s->down = geteuid() == 0 && c->hornero_uid != NO_ID && c->hornero_uid != 0;
	s->gid = getegid();
	if (!s->down)
		return 0;
	if ((c->queue_gid != (gid_t)-1 && setegid(c->queue_gid) < 0) ||
	    seteuid(c->hornero_uid) < 0) {
		(void)!setegid(s->gid);
		return err_sys(e, ERR_OPERATOR, "cannot act as user %u (hornero_user)",
			       c->hornero_uid);
	}
	return 0;
}

static void step_up(const struct stepped *s)
{
	if (s->down && (seteuid(0) < 0 || setegid(s->gid) < 0))
		abort();
}

static bool has_option(const struct word *w, const char *name)
{
	for (const struct word_option *o = w->options; o && o->name; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

static bool changes(const struct call *call)
{
	const struct word *w = call->word;

	if (!(w->flags & WORD_CHANGES) ||
	    (has_option(w, "dry-run") && call_option(call, "dry-run")))
		return false;
	return w->run != image_import_run || call_option(call, "yes");
}

/* `init` makes the directory; a node without a queue has nothing to change yet. */
int audited_ready(struct cli *cli, const struct call *call, struct err *e)
{
	own_audit struct audit a = AUDIT_INIT;
	struct err ignored = ERR_INIT;
	const struct conf *c = changes(call) ? cli_conf(cli, &ignored) : NULL;
	struct stepped s;
	int done;

	if (!c || call->word->run == init_run || access(c->queue_dir, F_OK) < 0)
		return 0;
	if (step_down(c, &s, e) < 0)
		return -1;
	done = audit_open(&a, c->audit_dir, AUDIT_WAIT_MS, e);
	step_up(&s);
	return done < 0 ? err_wrap(e, "nothing is changed without a record") : 0;
}

/* A URL may have a password. */
static void add_word(struct audit *a, const char *text)
{
	const char *scheme = strstr(text, "://"), *host = scheme ? strchr(scheme, '@') : NULL;
	char word[TEXT_MAX];

	if (host && strcspn(scheme + 3, "/") > (size_t)(host - scheme - 3))
		snprintf(word, sizeof(word), "%.*s***%s", (int)(scheme + 3 - text), text, host);
	else
		snprintf(word, sizeof(word), "%s", text);
	audit_word(a, word);
}

static void add_words(struct audit *a, const struct call *call)
{
	const struct word_option *o = call->word->options;

	audit_list(a, "words");
	for (int i = 0; i < call->nargs && i < WORDS_MAX; i++)
		add_word(a, call->args[i]);
	for (int i = 0; o && o[i].name; i++) {
		char option[TEXT_MAX];

		if (!call->values[i])
			continue;
		snprintf(option, sizeof(option), "--%s%s%s", o[i].name, o[i].arg ? "=" : "",
			 o[i].arg ? call->values[i] : "");
		audit_word(a, option);
	}
	audit_list_end(a);
}

/* The arguments may name a file of the key: say what the keys file has now. */
static void add_key(struct audit *a, const struct conf *c, const char *name)
{
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *key = NULL;
	struct err ignored = ERR_INIT;
	char print[SSHKEY_PRINT_MAX];

	if (keyring_load(c->keys_file, NULL, NULL, &ring, &ignored) == 0)
		key = keyring_named(ring, name);
	if (!key || !keyring_fingerprint(key, print))
		return;
	audit_text(a, "fingerprint", print);
	for (int r = 0; r < KEY_RIGHTS; r++)
		if (key->patterns[r])
			audit_text(a, key_right_name((enum key_right)r), key->patterns[r]);
	if (key->ids)
		audit_text(a, "ids", key->ids);
}

static int append(struct audit *a, struct cli *cli, const struct call *call, int code,
		  struct err *e)
{
	const char *from = getenv("HORNERO_FROM");
	char who[CLI_WHO_MAX];

	cli_who(cli, who);
	audit_begin(a, "command");
	audit_text(a, "who", who);
	audit_text(a, "by", cli->key ? "key" : "user");
	if (cli->key && from)
		audit_text(a, "from", from);
	audit_text(a, "command", call->word->name);
	add_words(a, call);
	if (strncmp(call->word->name, "key ", 4) == 0 && call->nargs > 0)
		add_key(a, cli->conf, call->args[0]);
	audit_number(a, "code", code);
	return audit_end(a, e) < 0 ? -1 : audit_sync(a, e);
}

int audited_record(struct cli *cli, const struct call *call, int code, struct err *e)
{
	own_audit struct audit a = AUDIT_INIT;
	struct err ignored = ERR_INIT;
	struct stepped s;
	int done;

	if (!changes(call) || *cli->unchanged || code == USAGE || !cli_conf(cli, &ignored) ||
	    access(cli->conf->queue_dir, F_OK) < 0 || step_down(cli->conf, &s, e) < 0)
		return 0;
	done = audit_open(&a, cli->conf->audit_dir, AUDIT_WAIT_MS, e) < 0 ||
			       append(&a, cli, call, code, e) < 0
		       ? -1
		       : 0;
	step_up(&s);
	return done < 0 ? err_wrap(e, "%s is done, but not in the audit log", call->word->name)
			: 0;
}
