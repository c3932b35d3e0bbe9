/* key: `hornero key add`, `set`, `list` and `remove`. DIAGNOSTICS: ERR_USAGE for the key and its
 * name; a broken line of the file is a row with the reason, not an error. */
#include "cli/change.h"
#include "cli/table.h"
#include "cli/words.h"
#include "conf/keyring.h"
#include "conf/sshkey.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

static const struct column columns[] = {
	{"name", CELL_TEXT, 0},
	{"read", CELL_TEXT, 0},
	{"write", CELL_TEXT, 0},
	{"create", CELL_TEXT, 0},
	{"admin", CELL_TEXT, 0},
	{"ids", CELL_TEXT, 0},
	{"type", CELL_TEXT, 0},
	{"bits", CELL_ID, COLUMN_JSON_ONLY},
	{"fingerprint", CELL_TEXT, 0},
	{"comment", CELL_TEXT, 0},
	{"line", CELL_NUMBER, COLUMN_JSON_ONLY},
	{"problem", CELL_TEXT, 0},
};

static int key_row(const struct key_entry *k, struct listing *l, struct err *e)
{
	struct sshkey key = {.bits = 0};
	char print[SSHKEY_PRINT_MAX] = "";

	if (!k->problem && sshkey_parse(k->type, k->blob, &key, e) < 0)
		return -1;
	if (!k->problem)
		sshkey_fingerprint(&key, print);
	listing_row(l, (struct cell[]){
			       {.text = k->name},
			       {.text = k->patterns[KEY_READ]},
			       {.text = k->patterns[KEY_WRITE]},
			       {.text = k->patterns[KEY_CREATE]},
			       {.text = k->patterns[KEY_ADMIN]},
			       {.text = k->ids},
			       {.text = k->type},
			       {.number = key.bits},
			       {.text = *print ? print : NULL},
			       {.text = k->comment},
			       {.number = k->line},
			       {.text = k->problem},
		       });
	return 0;
}

int key_list_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *list;
	struct err ignored = ERR_INIT;
	struct listing l;
	int done = 0;
	size_t n;

	(void)call;
	if (!c || keyring_load(c->keys_file, NULL, NULL, &ring, e) < 0)
		return -1;
	n = keyring_entries(ring, &list);
	listing_begin(&l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < n && done == 0; i++)
		done = key_row(&list[i], &l, e);
	if (listing_end(&l, done < 0 ? &ignored : e) < 0)
		done = -1;
	if (done == 0 && n == 0 && !cli->json)
		cli_say(stdout,
			"There is no key in %s yet: `hornero key add NAME FILE.pub --write REPO` "
			"adds one.",
			c->keys_file);
	return done;
}

static int read_key_file(const char *path, char **out, struct err *e)
{
	own_fd int fd = strcmp(path, "-") == 0
				? STDIN_FILENO
				: open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	own_free char *text = calloc(1, KEYRING_LINE_MAX + 2);
	size_t len = 0;
	ssize_t n = 1;

	if (!text)
		return err_set(e, ERR_NOBODY, "out of memory for a key");
	if (fd < 0)
		return err_sys(e, ERR_USAGE, "cannot open the public key %s", path);
	while (n > 0 && len <= KEYRING_LINE_MAX) {
		n = read(fd, text + len, KEYRING_LINE_MAX + 1 - len);
		if (n < 0 && errno != EINTR)
			return err_sys(e, ERR_USAGE, "cannot read the public key %s", path);
		len += n > 0 ? (size_t)n : 0;
	}
	if (len > KEYRING_LINE_MAX)
		return err_set(e, ERR_USAGE, "the public key %s has more than %d bytes", path,
			       KEYRING_LINE_MAX);
	if (strlen(text) != len)
		return err_set(e, ERR_USAGE, "%s is not a public key", path);
	*out = steal_ptr(&text);
	return 0;
}

/* Reads "TYPE BASE64 COMMENT" from the arguments after the name, or from the file they name. */
static int read_key(const struct call *call, char **out, struct err *e)
{
	own_free char *text = NULL;
	bool words = call->nargs > 2 || (call->nargs == 2 && sshkey_is_type(call->args[1]) &&
					 strchr(call->args[1], ' '));
	size_t len;

	if (words) {
		text = fs_path("%s", call->args[1]);
		for (int i = 2; i < call->nargs; i++) {
			own_free char *head = text;

			text = fs_path("%s %s", head, call->args[i]);
		}
	} else if (read_key_file(call->nargs == 2 ? call->args[1] : "-", &text, e) < 0) {
		return -1;
	}
	if (strstr(text, "PRIVATE KEY-----"))
		return err_set(e, ERR_USAGE,
			       "that is a private key, which must stay secret; give the public "
			       "key, whose file ends in .pub");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	if (!sshkey_is_type(text))
		return err_set(e, ERR_USAGE,
			       "that is not a public key: it must begin with a type such as "
			       "ssh-ed25519, as a .pub file of ssh-keygen does");
	*out = steal_ptr(&text);
	return 0;
}

static int read_rights(const struct call *call, const char *patterns[KEY_RIGHTS], struct err *e)
{
	bool some = false;

	for (int i = 0; i < KEY_RIGHTS; i++) {
		patterns[i] = call_option(call, key_right_name((enum key_right)i));
		some = some || patterns[i];
	}
	if (!some)
		return err_set(e, ERR_USAGE,
			       "key %s would have no rights; give --read, --write, --create or "
			       "--admin with repositories, such as --write 'team/*'",
			       call->args[0]);
	return 0;
}

static int report(const struct cli *cli, int changed, const char *said, const char *name)
{
	change_say(cli, changed, "key %s %s", name, said);
	return change_end(cli, changed, json_pack("{s:s}", "key", name));
}

int key_add_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *patterns[KEY_RIGHTS], *name = call->args[0];
	own_free char *key = NULL;
	int added;

	if (!c || read_rights(call, patterns, e) < 0 || read_key(call, &key, e) < 0)
		return -1;
	added = keyring_add(c->keys_file, name, patterns, call_option(call, "ids"), key, e);
	if (added < 0)
		return -1;
	return report(cli, added,
		      added ? "may log in from now on; `hornero key list` shows its rights"
			    : "is there, with these rights", name);
}

int key_set_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *patterns[KEY_RIGHTS], *name = call->args[0];
	own_free char *key = NULL;
	int changed;

	if (!c || read_rights(call, patterns, e) < 0 ||
	    (call->nargs > 1 && read_key(call, &key, e) < 0))
		return -1;
	changed = keyring_set(c->keys_file, name, patterns, call_option(call, "ids"), key, e);
	if (changed < 0)
		return -1;
	return report(cli, changed,
		      changed ? "has these rights now, and no others; `hornero key list` shows them"
			      : "has these rights already", name);
}

int key_remove_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	int removed = c ? keyring_remove(c->keys_file, call->args[0], e) : -1;

	if (removed < 0)
		return -1;
	return report(cli, removed,
		      removed ? "may not log in any more, nor start another command on an open "
				"connection"
			      : "is not in the keys file", call->args[0]);
}
