/* server: listens at an address and serves until it is told to stop. */
#ifndef HORNERO_SERVE_SERVER_H
#define HORNERO_SERVE_SERVER_H

#include "conf/conf.h"
#include "lib/err.h"

/* Artifacts at serve_listen, or the node's figures and report at metrics_listen. */
enum server_site { SERVER_ARTIFACTS, SERVER_PAGES };

/* Says that it is ready once it listens. SIGTERM and SIGINT end it: responses that have begun have
 * SERVER_STOP_MS to end. Returns 0 then, or -1 if it cannot serve. */
enum { SERVER_STOP_MS = 30000 };
int server_run(const struct conf *c, enum server_site site, struct err *e);

#endif
