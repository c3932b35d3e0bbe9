/* cgquota: DIAGNOSTICS: none; a value that cannot be lifted stays. */
#include "agent/cgroup/cgquota.h"

#include "agent/cgroup/cgdir.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each of quota and weight exists in v1's or v2's form. The lifted weights are those of a new
 * group, and of one that is no longer idle. A quota written to cpu.max leaves its period
 * unchanged. */
static const struct {
	const char *file, *lifted;
	/* values from here on need no lifting; 0: a missing quota is read as 0 or less */
	int64_t enough;
} kinds[CGQUOTA_KINDS] = {
	{"cpu.max", "max", 0},
	{"cpu.weight", "100", 100},
	{"cpu.cfs_quota_us", "-1", 0},
	{"cpu.shares", "1024", 1024},
	{"cpu.idle", "0", 0},
};

static bool is_lifted(int64_t value, int kind)
{
	return value <= 0 || (kinds[kind].enough > 0 && value >= kinds[kind].enough);
}

void cgquota_lift(const char *dir, struct cgquota *lifted)
{
	own_free char *at = fs_path("%s", dir);

	for (int level = 0; level < CGQUOTA_LEVELS; level++) {
		for (int k = 0; k < CGQUOTA_KINDS; k++) {
			int64_t value = cgdir_number(at, kinds[k].file, NULL);

			if (!is_lifted(value, k) &&
			    cgdir_write(at, kinds[k].file, kinds[k].lifted) == 0)
				lifted->before[level][k] = value;
		}
		*strrchr(at, '/') = '\0';
	}
}

bool cgquota_is_lifted(const struct cgquota *lifted)
{
	static const struct cgquota none;

	return memcmp(lifted, &none, sizeof(none)) != 0;
}

void cgquota_restore(const char *dir, struct cgquota *lifted)
{
	own_free char *at = fs_path("%s", dir);
	char value[24];

	for (int level = 0; level < CGQUOTA_LEVELS; level++) {
		for (int k = CGQUOTA_KINDS - 1; k >= 0; k--) {
			snprintf(value, sizeof(value), "%lld", (long long)lifted->before[level][k]);
			if (lifted->before[level][k] > 0 &&
			    is_lifted(cgdir_number(at, kinds[k].file, NULL), k))
				(void)cgdir_write(at, kinds[k].file, value);
		}
		*strrchr(at, '/') = '\0';
	}
	*lifted = (struct cgquota){0};
}
