/*
 * greeting: the first bytes of a connection, which the door handles itself. SSH takes the client's
 * first choice among the server's algorithms, and libssh sends the server's lists before it has
 * read the client's. So the door identifies itself, waits for the client's lists, and gives libssh
 * the socket with all that the client has sent still unread.
 *
 *     struct greeting *g = …;
 *     greeting_exchange(fd, signals, g);
 *     offer_choose(g->state == KEXINIT_WHOLE ? &g->client : NULL, &offer);
 *     … offer_session(…, &session, e) …
 *     greeting_hand_over(session, fd, e);
 */
#ifndef HORNERO_DOOR_GREETING_H
#define HORNERO_DOOR_GREETING_H

#include "door/kexinit.h"
#include "lib/err.h"

#include <libssh/libssh.h>

#define GREETING_SOFTWARE "hornero"
#define GREETING_LINE "SSH-2.0-" GREETING_SOFTWARE "\r\n"

/* Lists are some 2,000 bytes long. A client may wait for ours before it sends its own: after
 * GREETING_WAIT_MS it gets them all. */
enum { GREETING_BYTES_MAX = 16384, GREETING_WAIT_MS = 2000 };

struct greeting {
	enum kexinit_state state;
	struct kexinit client; /* borrows bytes */
	bool left;             /* the client has closed its side */
	char bytes[GREETING_BYTES_MAX];
};

/* Returns when the client's lists are there, when it sends something else, GREETING_WAIT_MS after
 * its identification, when it leaves, or when `signals` is readable. Reads no byte from fd. */
void greeting_exchange(int fd, int signals, struct greeting *g);

/* Has the session send its identification to nobody, since the client has it. The session owns
 * fd and has sent nothing yet. Returns -1 with e filled if that fails. */
int greeting_hand_over(ssh_session session, int fd, struct err *e);

#endif
