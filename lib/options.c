/* options: DIAGNOSTICS: exits with 64 (ERR_USAGE) by itself. */
#include "lib/options.h"

#include "lib/err.h"
#include "lib/failpoint.h"

#include <string.h>

const char *argp_program_version = PACKAGE_STRING;

enum { OPT_FAILPOINT = 1024 };

struct inputs {
	void *program;
	const char **conf;
};

static error_t take_conf(int key, char *arg, struct argp_state *state)
{
	if (key != 'c')
		return ARGP_ERR_UNKNOWN;
	*(const char **)state->input = arg;
	return 0;
}

static const struct argp_option conf_options[] = {
	{"conf", 'c', "FILE", 0,
	 "Configuration (default: $HORNERO_CONF, else " SYSCONFDIR "/hornero/hornero.yaml)", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp conf_argp = {conf_options, take_conf, NULL, NULL, NULL, NULL, NULL};

static error_t take_failpoint(int key, char *arg, struct argp_state *state)
{
	(void)state;
	if (key != OPT_FAILPOINT)
		return ARGP_ERR_UNKNOWN;
	failpoint_arm(arg);
	return 0;
}

static const struct argp_option failpoint_options[] = {
	{"failpoint", OPT_FAILPOINT, "SPEC", OPTION_HIDDEN, "", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp failpoint_argp = {failpoint_options, take_failpoint, NULL, NULL, NULL,
					   NULL, NULL};

static error_t hand_down(int key, char *arg, struct argp_state *state)
{
	struct inputs *in = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = in->program;
	if (in->conf)
		state->child_inputs[1] = in->conf;
	return 0;
}

void options_parse(const struct argp *argp, int argc, char **argv, void *input, const char **conf)
{
	const struct argp_child children[] = {
		{argp, 0, NULL, 0},
		{conf ? &conf_argp : &failpoint_argp, 0, NULL, 0},
		{NULL, 0, NULL, 0},
	};
	const struct argp all = {NULL, hand_down, NULL, NULL, children, NULL, NULL};
	struct inputs in = {input, conf};

	argp_err_exit_status = err_exit(ERR_USAGE);
	argp_parse(&all, argc, argv, 0, NULL, &in);
}
