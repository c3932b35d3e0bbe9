/* hornero-serve: serves published artifacts by their digest, over HTTP; with --metrics, the node's
 * figures and report instead, in a process of its own: downloads must not keep a scrape waiting.
 *
 * DIAGNOSTICS: an error that keeps it from listening ends it with the exit code of the error's
 * class. */
#include "conf/conf.h"
#include "lib/log.h"
#include "lib/options.h"
#include "serve/server.h"

#include <unistd.h>

static int run(const struct conf *c, enum server_site site, struct err *e)
{
	if (site == SERVER_PAGES && !c->metrics_listen)
		return err_set(e, ERR_OPERATOR,
			       "nothing to do: metrics_listen is not set in %s; set it to the "
			       "addresses at which the node's figures are to be served",
			       c->path);
	if (site == SERVER_ARTIFACTS && !c->serve_listen)
		return err_set(e, ERR_OPERATOR,
			       "nothing to do: serve_listen is not set in %s; set it to the "
			       "addresses at which artifacts are to be served",
			       c->path);
	if (geteuid() == 0)
		return err_set(e, ERR_OPERATOR,
			       "hornero-serve does not serve as root: start it as a user of its "
			       "own, hornero-serve");
	return server_run(c, site, e);
}

static const struct argp_option words[] = {
	{"metrics", 'm', NULL, 0, "Serve the node's figures and report, at metrics_listen", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	enum server_site *site = state->input;

	(void)arg;
	if (key != 'm')
		return ARGP_ERR_UNKNOWN;
	*site = SERVER_PAGES;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		words, parse, NULL, "Serves the published artifacts of a hornero node over HTTP.",
		NULL, NULL, NULL};
	enum server_site site = SERVER_ARTIFACTS;
	const char *file = NULL;
	own_conf struct conf *c = NULL;
	struct err e = ERR_INIT;

	options_parse(&argp, argc, argv, &site, &file);
	log_open("hornero-serve", LOG_LEVEL_INFO);
	if (conf_load(&c, conf_find(file), &e) == 0 && run(c, site, &e) == 0)
		return 0;
	log_error("%s", e.msg);
	return err_exit(e.class);
}
