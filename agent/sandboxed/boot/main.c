/* hornero-boot: boots the checked RAW in a sandbox of its own and waits for the expected line.
 *
 *     5 -> the RAW, open for reading
 *     1 <- the guest's console
 *     3 <- came MS once the line came: the guest's time
 *     3 <- error TEXT on failure, and the exit code of its class
 *
 * DIAGNOSTICS: as boot.h; ERR_USAGE for its own command line. */
#include "agent/sandboxed/boot/boot.h"
#include "agent/sandboxed/report.h"
#include "lib/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { IN_FD = 5 };

enum { OPT_EXPECT = 256, OPT_TIMEOUT, OPT_MEMORY, OPT_MACHINE, OPT_BUS, OPT_FIRMWARE };

static const struct argp_option options[] = {
	{"expect", OPT_EXPECT, "REGEX", 0, "Wait for a line of the console that matches", 0},
	{"timeout", OPT_TIMEOUT, "SECONDS", 0, "How long to wait, in the guest's time", 0},
	{"memory", OPT_MEMORY, "MIB", 0, "The guest's memory", 0},
	{"machine", OPT_MACHINE, "TYPE", 0, "QEMU's machine type", 0},
	{"bus", OPT_BUS, "virtio|ide|scsi", 0, "Bus of the disk", 0},
	{"firmware", OPT_FIRMWARE, "FILE", 0, "Firmware instead of QEMU's BIOS", 0},
	{0},
};

static int64_t number(const char *arg, struct argp_state *state)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(arg, &end, 10);
	if (errno != 0 || *end != '\0' || n <= 0)
		argp_error(state, "invalid number %s: use a positive integer", arg);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct boot *b = state->input;

	switch (key) {
	case OPT_EXPECT: b->expect = arg; return 0;
	case OPT_TIMEOUT: b->timeout_s = number(arg, state); return 0;
	case OPT_MEMORY: b->memory_mib = number(arg, state); return 0;
	case OPT_MACHINE: b->machine = arg; return 0;
	case OPT_BUS: b->bus = arg; return 0;
	case OPT_FIRMWARE: b->firmware = arg; return 0;
	case ARGP_KEY_END:
		if (!b->expect || !b->timeout_s || !b->memory_mib || !b->machine || !b->bus)
			argp_error(state, "--expect, --timeout, --memory, --machine and --bus are "
				   "needed");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	options, parse, NULL,
	"Boot a disk and wait for a line on its console. hornero-build runs this in a sandbox, "
	"with descriptors 1, 3 and 5 open.",
	NULL, NULL, NULL,
};

int main(int argc, char **argv)
{
	struct boot b = {.expect = NULL};
	struct err e = ERR_INIT;
	int64_t took_ms;

	options_parse(&argp, argc, argv, &b, NULL);
	if (!report_has(REPORT_FD) || !report_has(IN_FD)) {
		fprintf(stderr, "hornero-boot: descriptors %d and %d are not open; hornero-build "
			"starts this program\n", REPORT_FD, IN_FD);
		return err_exit(ERR_USAGE);
	}
	if (boot_run(IN_FD, &b, &took_ms, &e) < 0)
		return report_error(&e);
	report_line("came %" PRId64, took_ms);
	return 0;
}
