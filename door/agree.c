/* agree: DIAGNOSTICS: a client that has nothing in common with the door is told so, and logged. */
#include "door/greeting.h"
#include "door/inner.h"
#include "door/refusal.h"
#include "lib/log.h"

#include <stdio.h>
#include <sys/socket.h>

/* Tells the client why, and the log what the client offers. */
static void disagree(const struct connection *k, const struct greeting *g, const struct offer *o)
{
	const struct kexinit_text *client = &g->client.client, *has = &g->client.lists[o->lacking];
	struct packet lists, bye;
	char text[REFUSAL_TEXT_MAX], from[256], offers[400], quoted[2][sizeof(offers) + 8];

	snprintf(text, sizeof(text), "hornero-door: no common %s; this door has %s", o->missing,
		 o->names[o->lacking]);
	offer_packet(o, &lists);
	refusal_make(&bye, REFUSAL_KEY_EXCHANGE, text);
	(void)!send(k->fd, lists.bytes, lists.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)!send(k->fd, bye.bytes, bye.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	snprintf(from, sizeof(from), "%.*s", (int)client->len, client->at);
	snprintf(offers, sizeof(offers), "%.*s", (int)has->len, has->at);
	log_info("event=left peer=%s key=- why=\"no common %s\" hint=\"hornero-door(8): BEHIND "
		 "OPENSSH\" client=%s offers=%s",
		 k->peer, o->missing, log_quote(quoted[0], sizeof(quoted[0]), from),
		 log_quote(quoted[1], sizeof(quoted[1]), offers));
	refusal_drain(k->fd, REFUSAL_KEEP_MS);
}

bool agree_on(struct connection *k, struct offer *o)
{
	struct greeting g;

	greeting_exchange(k->fd, k->signals, &g);
	k->left = g.left;
	k->identified = g.state != KEXINIT_SHORT && g.state != KEXINIT_OTHER;
	offer_choose(g.state == KEXINIT_WHOLE ? &g.client : NULL, o);
	if (o->missing)
		disagree(k, &g, o);
	return !o->missing;
}
