/* hornero-door: the node's Git server over SSH. This file only selects the mode.
 *
 * DIAGNOSTICS: an error that keeps it from listening ends it with the exit code of the error's
 * class. */
#include "conf/good.h"
#include "door/connection.h"
#include "door/hostkey.h"
#include "door/listener.h"
#include "door/stdio.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"

#include <sys/stat.h>

enum mode { LISTEN, CONNECTION, STDIO, HOST_KEYS };
enum { LETTER_CONNECTION = 256, LETTER_HOST_KEYS };

struct options {
	const char *conf, *key;
	enum mode mode;
};

static const struct argp_option words[] = {
	{"stdio", 's', NULL, 0, "Behind OpenSSH: serve SSH_ORIGINAL_COMMAND, then exit", 0},
	{"key", 'k', "NAME", 0, "With --stdio: on behalf of this key", 0},
	{"host-keys", LETTER_HOST_KEYS, NULL, 0,
	 "Make the host keys that are not there, print them all, then exit", 0},
	{"connection", LETTER_CONNECTION, NULL, OPTION_HIDDEN, NULL, 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'k': o->key = arg; return 0;
	case 's': o->mode = STDIO; return 0;
	case LETTER_HOST_KEYS: o->mode = HOST_KEYS; return 0;
	case LETTER_CONNECTION: o->mode = CONNECTION; return 0;
	case ARGP_KEY_END:
		if ((o->mode == STDIO) != (o->key != NULL))
			argp_error(state, "--stdio and --key belong together");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static int refuse_root(const struct conf *c, struct err *e)
{
	if (geteuid() == 0)
		return err_set(e, ERR_OPERATOR,
			       "hornero-door does not serve as root: start it as the owner of the "
			       "repositories (git_user in %s)",
			       c->path);
	return 0;
}

/* Returns the exit code, or -1 with e filled. */
static int run(const struct conf *c, const struct options *o, struct err *e)
{
	if (o->mode == HOST_KEYS)
		return hostkey_make(c->door_host_keys, e);
	if (refuse_root(c, e) < 0)
		return -1;
	if (o->mode == CONNECTION)
		return connection_serve(c, STDIN_FILENO, CONNECTION_REPORT_FD, e);
	if (o->mode == STDIO)
		return stdio_serve(c, o->key, e);
	return listener_run(c, e);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		words, parse, NULL, "The Git server of a hornero node, over SSH.",
		NULL,  NULL,  NULL};
	struct options o = {0};
	own_conf struct conf *c = NULL;
	struct err e = ERR_INIT;
	int code = -1;

	options_parse(&argp, argc, argv, &o, &o.conf);
	umask(0027);
	log_open("hornero-door", LOG_LEVEL_INFO);
	/* Standard error goes to the client then. */
	if (o.mode == STDIO)
		log_to_syslog();
	if (conf_load_service(&c, conf_find(o.conf), &e) == 0)
		code = run(c, &o, &e);
	if (code >= 0)
		return code;
	if (o.mode == STDIO)
		return stdio_refuse(o.key, &e);
	log_error("%s", e.msg);
	return err_exit(e.class);
}
