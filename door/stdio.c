/* stdio: DIAGNOSTICS: as door/order.h, and ERR_OPERATOR where the file of keys has no such name. */
#include "door/stdio.h"

#include "conf/keyring.h"
#include "conf/way.h"
#include "door/limit.h"
#include "door/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SSH_PORT = 22 };

/* sshd says where the client came to: its address and port, and ours. */
static void way_here(char out[WAY_MAX], const struct conf *c)
{
	const char *connection = getenv("SSH_CONNECTION");
	const char *port = connection ? strrchr(connection, ' ') : NULL;

	way_make(out, c->door_name, getenv("LOGNAME"), port ? (int)strtol(port, NULL, 10) : SSH_PORT);
}

int stdio_serve(const struct conf *c, const char *name, struct err *e)
{
	const char *command = getenv("SSH_ORIGINAL_COMMAND");
	own_keyring struct keyring *ring = NULL;
	own_order struct order o = ORDER_INIT;
	const struct key_entry *key;
	char way[WAY_MAX];

	if (keyring_load(c->keys_file, NULL, NULL, &ring, e) < 0)
		return -1;
	key = keyring_named(ring, name);
	if (!key || key->problem)
		return err_set(e, ERR_OPERATOR, "the keys %s have no usable line with the name %s, which authorized_keys names",
			       c->keys_file, name);
	way_here(way, c);
	/* Before anything that the client wishes: a push may start a program that makes its repository. */
	if (limit_self(c->door_memory_limit_bytes, e) < 0 ||
	    order_make(&o, c, key, way, command, getenv("GIT_PROTOCOL"), e) < 0 || order_enter(&o, e) < 0)
		return -1;
	execvpe(args_list(&o.args)[0], (char *const *)(uintptr_t)args_list(&o.args),
		(char *const *)(uintptr_t)args_list(&o.env));
	return err_sys(e, ERR_OPERATOR, "cannot execute %s", args_list(&o.args)[0]);
}
