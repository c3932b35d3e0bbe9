/* hornero-collect: reduces the store, the checkouts and Nova's cache to their budgets and floors,
 * and removes junk. hornerod starts it at intervals and when the disk falls below a floor;
 * `hornero gc` executes it.
 *
 * Exit 1: a budget or a floor is not met and nothing more may be removed.
 *
 * DIAGNOSTICS: the exit code is the class of the error that ended it; the next pass continues. */
#include "agent/upkeep/collect/collect.h"

#include "conf/good.h"
#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"


static int collect(struct collect *c, struct err *e)
{
	struct err ignored = ERR_INIT;
	int rc;

	c->rows = json_array();
	if (!c->rows)
		return err_set(e, ERR_NOBODY, "out of memory for a report");
	if (images_load(c->conf->images_dir, &c->images, &c->nimages, e) < 0 ||
	    collect_store(c, e) < 0)
		return -1;
	failpoint("collect-before-junk");
	/* Free blocks in the store before examining the cache: mostly they share a filesystem. */
	rc = collect_junk(c, e) < 0 || collect_logs(c, e) < 0 || collect_work(c, e) < 0 ||
	     collect_cache(c, e) < 0 ? -1 : 0;
	/* The last, since it takes its time; it needs neither the store nor the publisher. */
	return collect_history(c, rc < 0 ? &ignored : e) < 0 ? -1 : rc;
}

static int run(struct collect *c, const char *conf_option, struct err *e)
{
	own_conf struct conf *conf = NULL;
	int rc;

	if (conf_load_service(&conf, conf_find(conf_option), e) < 0)
		return -1;
	c->conf = conf;
	steady_load(&c->clock, conf->queue_dir);
	rc = collect(c, e);
	/* Report what was removed, even after an error. */
	collect_say_end(c);
	/* Wake those that wait for space; hornerod itself sees its child end. */
	if (c->removed > 0 && !c->dry && !c->quiet)
		bell_ring(conf->run_dir);
	json_decref(c->rows);
	images_free(c->images, c->nimages);
	return rc;
}

static const struct argp_option words[] = {
	{"json", 'j', NULL, 0, "Print the report as JSON", 0},
	{"quiet", 'q', NULL, 0, "Print nothing, and ring no bell", 0},
	{"dry-run", 'n', NULL, 0, "Remove nothing: say what would be removed", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct collect *c = state->input;

	(void)arg;
	switch (key) {
	case 'j': c->json = true; return 0;
	case 'q': c->quiet = true; return 0;
	case 'n': c->dry = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		words, parse, NULL, "Removes what nothing refers to, and keeps disks below their "
		"limits.", NULL, NULL, NULL};
	struct collect c = {.now_ms = clock_wall_ms()};
	const char *conf_option = NULL;
	struct err e = ERR_INIT;

	log_open("hornero-collect", LOG_LEVEL_INFO);
	options_parse(&argp, argc, argv, &c, &conf_option);
	if (run(&c, conf_option, &e) < 0) {
		log_error("%s", e.msg);
		return err_exit(e.class);
	}
	return c.lacking;
}
