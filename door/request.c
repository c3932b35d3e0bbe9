/* request: DIAGNOSTICS: forbidden requests are refused or answered in words; the node's errors are
 * logged as well. */
#include "door/inner.h"

#include "door/connection.h"
#include "door/order.h"
#include "lib/clock.h"
#include "lib/log.h"

#include <libssh/callbacks.h>
#include <libssh/server.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_MS = 5000, COMMANDS_AHEAD = 100, COMMAND_MS = 200 };

static void remember_way(struct connection *k, const char *user)
{
	struct sockaddr_storage here = {0};
	socklen_t len = sizeof(here);

	getsockname(k->fd, (struct sockaddr *)&here, &len);
	way_make(k->way, k->conf->door_name, user, address_port((struct sockaddr *)&here));
}

/* Asks the listener, which counts the connections of a key. */
static bool may_stay(struct connection *k)
{
	const char *name = k->login.key->name;
	struct pollfd wait = {.fd = k->report, .events = POLLIN};
	char answer = CONNECTION_FULL;

	if (send(k->report, name, strlen(name), 0) < 0 || poll(&wait, 1, ANSWER_MS) <= 0 ||
	    recv(k->report, &answer, 1, MSG_DONTWAIT) <= 0)
		k->bye = "hornero-door is stopping; try again in a moment";
	else if (answer != CONNECTION_IN)
		k->bye = "hornero-door: this key has all the connections that one key may have "
			 "(door_connections_per_key), all busy";
	return !k->bye;
}

static int on_pubkey(ssh_session session, const char *user, ssh_key offered, char state, void *arg)
{
	struct connection *k = arg;

	if (k->login.key || !login_offer(&k->login, offered, state)) {
		k->hung_up = k->hung_up || k->login.key || k->login.offers > LOGIN_OFFERS_MAX;
		return SSH_AUTH_DENIED;
	}
	if (!k->login.key)
		return SSH_AUTH_SUCCESS; /* the key is known; now the client signs */
	remember_way(k, user);
	k->active_ms = clock_mono_ms();
	if (!may_stay(k)) {
		/* A denial would suggest that the key is wrong. */
		k->hung_up = true;
		return SSH_AUTH_SUCCESS;
	}
	log_info("event=login peer=%s key=%s type=%s cipher=%s mac=%s", k->peer, k->login.key->name,
		 k->login.key->type, ssh_get_cipher_in(session), ssh_get_hmac_in(session));
	return SSH_AUTH_SUCCESS;
}

/* Without this libssh would contact Kerberos before the login. */
static ssh_string on_gssapi(ssh_session session, const char *user, int n, ssh_string *oids,
			    void *arg)
{
	(void)session, (void)user, (void)n, (void)oids, (void)arg;
	return NULL;
}

static struct pump *pump_of(struct connection *k, ssh_channel channel)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (k->pumps[i].used && k->pumps[i].channel == channel)
			return &k->pumps[i];
	return NULL;
}

void request_report(struct connection *k, bool busy)
{
	const char now = busy ? CONNECTION_BUSY : CONNECTION_IDLE;

	if (busy != k->busy)
		(void)!send(k->report, &now, 1, 0);
	k->busy = busy;
}

/* A removed key may start no further command, not even over an open connection. */
static int renew_key(struct connection *k, struct err *e)
{
	int rc = login_renew(&k->login, k->conf->keys_file, e);

	if (rc == 0) {
		k->bye = "hornero-door: this key may no longer log in";
		return err_set(e, ERR_PUSHER, "the key %s may no longer log in",
			       k->login.key->name);
	}
	return rc < 0 ? -1 : 0;
}

/* A client may start COMMANDS_AHEAD commands at once, then one each COMMAND_MS, so that its log
 * lines do not drown those of others. The whole connection sleeps: not reading would not limit it,
 * since libssh also reads whenever it writes. */
static void pay(struct connection *k)
{
	int64_t now_ms = clock_mono_ms(), ahead_ms;

	k->paid_ms = (k->paid_ms > now_ms ? k->paid_ms : now_ms) + COMMAND_MS;
	ahead_ms = k->paid_ms - now_ms - COMMANDS_AHEAD * COMMAND_MS;
	if (ahead_ms > 0)
		poll(NULL, 0, (int)ahead_ms);
}

static void command(struct connection *k, struct pump *p, const char *text)
{
	own_order struct order o = ORDER_INIT;
	struct err e = ERR_INIT;
	char quoted[sizeof(p->what) + 8];

	o.peer = k->peer;
	p->commanded = true;
	request_report(k, true);
	pay(k);
	snprintf(p->what, sizeof(p->what), "%s", text ? text : "(shell)");
	log_info("event=command peer=%s key=%s what=%s", k->peer, k->login.key->name,
		 log_quote(quoted, sizeof(quoted), p->what));
	if (renew_key(k, &e) < 0 ||
	    order_make(&o, k->conf, k->login.key, k->way, text, *p->protocol ? p->protocol : NULL,
		       &e) < 0 ||
	    pump_start(p, &o, &e) < 0) {
		order_report(&e, k->peer, k->login.key->name);
		pump_say(p, e.msg, err_exit(e.class));
	}
}

static int on_exec(ssh_session session, ssh_channel channel, const char *text, void *arg)
{
	struct connection *k = arg;
	struct pump *p = pump_of(k, channel);

	(void)session;
	/* Only our last words follow. OpenSSH would exit at a refusal, before it reads them. */
	if (!(p && p->commanded) && (k->stopping || k->bye) && !k->busy)
		return 0;
	if (!p || p->commanded || k->stopping || k->bye)
		return 1;
	command(k, p, text);
	return 0;
}

static int on_shell(ssh_session session, ssh_channel channel, void *arg)
{
	return on_exec(session, channel, NULL, arg);
}

static int on_env(ssh_session session, ssh_channel channel, const char *name, const char *value,
		  void *arg)
{
	struct pump *p = pump_of(arg, channel);

	(void)session;
	if (!p || p->commanded || !order_takes_env(name, value))
		return 1;
	snprintf(p->protocol, sizeof(p->protocol), "%s", value);
	return 0;
}

/* Says yes, since `ssh -t` ends if the door says no; but the command runs without a terminal. */
static int on_pty(ssh_session session, ssh_channel channel, const char *term, int columns, int rows,
		  int width, int height, void *arg)
{
	struct pump *p = pump_of(arg, channel);

	(void)session, (void)term, (void)columns, (void)rows, (void)width, (void)height;
	if (!p || p->commanded)
		return -1;
	p->terminal = true;
	return 0;
}

static struct ssh_channel_callbacks_struct requests = {
	.channel_pty_request_function = on_pty,
	.channel_exec_request_function = on_exec,
	.channel_shell_request_function = on_shell,
	.channel_env_request_function = on_env,
};

static ssh_channel on_channel(ssh_session session, void *arg)
{
	struct connection *k = arg;
	ssh_channel channel;

	/* The words with which we hang up must reach the client first: OpenSSH exits silently if
	 * its only channel is refused. Nothing runs on this one; limit_memory() bounds their
	 * number. */
	if (k->login.key && (k->stopping || k->bye)) {
		channel = ssh_channel_new(session);
		if (channel)
			ssh_add_channel_callbacks(channel, &requests);
		return channel;
	}
	/* Only now: for a connection that is merely held open this would be most of its memory. */
	if (!k->chunk && k->login.key)
		k->chunk = malloc(PUMP_CHUNK);
	for (size_t i = 0; k->chunk && k->login.key && i < CHANNELS; i++) {
		if (k->pumps[i].used)
			continue;
		channel = pump_open(&k->pumps[i], session, k->chunk);
		if (channel)
			ssh_add_channel_callbacks(channel, &requests);
		return channel;
	}
	return NULL;
}

static struct ssh_server_callbacks_struct server = {
	.auth_pubkey_function = on_pubkey,
	.gssapi_select_oid_function = on_gssapi,
	.channel_open_request_session_function = on_channel,
};

void request_listen(struct connection *k)
{
	server.userdata = k;
	requests.userdata = k;
	ssh_callbacks_init(&server);
	ssh_callbacks_init(&requests);
	ssh_set_server_callbacks(k->session, &server);
}
