/* hornero-check: converts a builder's artifact to the RAW that Nova boots, in a sandbox of its own.
 *
 *     5 -> the artifact
 *     6 <- the RAW: empty before, checked after exit 0; not used with --in-place
 *     3 <- error TEXT on failure, and the exit code of its class
 *
 * DIAGNOSTICS: as check.h; ERR_USAGE for its own command line. */
#include "agent/sandboxed/check/check.h"
#include "agent/sandboxed/report.h"
#include "lib/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_FD = 5, OUT_FD = 6 };

struct args {
	bool has_format, in_place;
	enum check_format format;
	uint64_t max_bytes;
};

enum { OPT_FORMAT = 256, OPT_MAX, OPT_IN_PLACE };

static const struct argp_option options[] = {
	{"format", OPT_FORMAT, "raw|qcow2", 0, "Format that the builder's file declares", 0},
	{"max", OPT_MAX, "BYTES", 0, "Largest virtual size", 0},
	{"in-place", OPT_IN_PLACE, NULL, 0, "The artifact itself is the RAW: only check it", 0},
	{0},
};

static void set_max(struct args *a, const char *arg, struct argp_state *state)
{
	char *end;

	errno = 0;
	a->max_bytes = strtoull(arg, &end, 10);
	if (errno != 0 || *end != '\0' || *arg < '0' || *arg > '9' || a->max_bytes == 0 ||
	    a->max_bytes > INT64_MAX)
		argp_error(state, "--max takes a number of bytes, not %s", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_FORMAT:
		if (strcmp(arg, "raw") != 0 && strcmp(arg, "qcow2") != 0)
			argp_error(state, "--format takes raw or qcow2, not %s", arg);
		a->format = *arg == 'r' ? CHECK_RAW : CHECK_QCOW2;
		a->has_format = true;
		return 0;
	case OPT_MAX: set_max(a, arg, state); return 0;
	case OPT_IN_PLACE: a->in_place = true; return 0;
	case ARGP_KEY_END:
		if (!a->has_format || a->max_bytes == 0)
			argp_error(state, "--format and --max are needed");
		if (a->in_place && a->format != CHECK_RAW)
			argp_error(state, "--in-place takes a RAW only");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	options, parse, NULL,
	"Convert an artifact to RAW and check it. hornero-build runs this in a sandbox, with "
	"descriptors 3, 5 and 6 open.",
	NULL, NULL, NULL,
};

static int make_and_inspect(const struct args *a, const char **note, struct err *e)
{
	if (a->in_place)
		return check_inspect(IN_FD, a->max_bytes, note, e);
	return check_make_raw(IN_FD, OUT_FD, a->format, a->max_bytes, e) < 0
		       ? -1
		       : check_inspect(OUT_FD, a->max_bytes, note, e);
}

int main(int argc, char **argv)
{
	struct args a = {.max_bytes = 0};
	struct err e = ERR_INIT;
	const char *note;

	options_parse(&argp, argc, argv, &a, NULL);
	if (!report_has(REPORT_FD) || !report_has(IN_FD) || (!a.in_place && !report_has(OUT_FD))) {
		fprintf(stderr, "hornero-check: descriptors %d, %d and %d are not open; "
			"hornero-build starts this program\n", REPORT_FD, IN_FD, OUT_FD);
		return err_exit(ERR_USAGE);
	}
	check_bound_files(a.max_bytes);
	if (make_and_inspect(&a, &note, &e) < 0)
		return report_error(&e);
	if (note)
		fprintf(stderr, "hornero: %s\n", note);
	return 0;
}
