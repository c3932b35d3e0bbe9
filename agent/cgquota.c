/* cgquota: DIAGNOSTICS: none; what cannot be lifted stays. */
#include "agent/cgquota.h"

#include "agent/cgdir.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <stdio.h>
#include <string.h>

/* Of quota and weight one is there, v2's or v1's; the weights are what the kernel gives a new group. A quota written to
 * cpu.max leaves its period alone. An idle group refuses weights: cpu.idle is the first to be lifted, the last to be restored. */
static const struct {
	const char *file, *lifted;
} kinds[CGQUOTA_KINDS] = {{"cpu.idle", "0"}, {"cpu.max", "max"}, {"cpu.weight", "100"}, {"cpu.cfs_quota_us", "-1"}, {"cpu.shares", "1024"}};

void cgquota_lift(const char *dir, struct cgquota *before)
{
	own_free char *at = fs_path("%s", dir);

	for (int level = 0; level < CGQUOTA_LEVELS; level++) {
		for (int k = 0; k < CGQUOTA_KINDS; k++) {
			before->before[level][k] = cgdir_number(at, kinds[k].file, NULL);
			if (before->before[level][k] > 0)
				(void)cgdir_write(at, kinds[k].file, kinds[k].lifted);
		}
		*strrchr(at, '/') = '\0';
	}
}

void cgquota_restore(const char *dir, const struct cgquota *before)
{
	own_free char *at = fs_path("%s", dir);
	char value[24];

	for (int level = 0; level < CGQUOTA_LEVELS; level++) {
		for (int k = CGQUOTA_KINDS - 1; k >= 0; k--) {
			snprintf(value, sizeof(value), "%lld", (long long)before->before[level][k]);
			if (before->before[level][k] > 0)
				(void)cgdir_write(at, kinds[k].file, value);
		}
		*strrchr(at, '/') = '\0';
	}
}
