/* cgquota: DIAGNOSTICS: none; what cannot be lifted stays. */
#include "agent/cgquota.h"

#include "agent/cgdir.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <stdio.h>
#include <string.h>

/* One of them is there: v2's, v1's. A quota written to the first leaves its period alone. */
static const struct {
	const char *file, *none;
} kinds[] = {{"cpu.max", "max"}, {"cpu.cfs_quota_us", "-1"}};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

void cgquota_lift(const char *dir, struct cgquota *before)
{
	own_free char *at = fs_path("%s", dir);

	*before = (struct cgquota){{0}};
	for (int level = 0; level < CGQUOTA_LEVELS; level++) {
		for (int k = 0; k < N_KINDS && before->before[level] <= 0; k++) {
			before->before[level] = cgdir_number(at, kinds[k].file, NULL);
			if (before->before[level] > 0)
				(void)cgdir_write(at, kinds[k].file, kinds[k].none);
		}
		*strrchr(at, '/') = '\0';
	}
}

void cgquota_restore(const char *dir, const struct cgquota *before)
{
	own_free char *at = fs_path("%s", dir);
	char quota[24];

	for (int level = 0; level < CGQUOTA_LEVELS; level++) {
		snprintf(quota, sizeof(quota), "%lld", (long long)before->before[level]);
		for (int k = 0; k < N_KINDS && before->before[level] > 0; k++)
			(void)cgdir_write(at, kinds[k].file, quota);
		*strrchr(at, '/') = '\0';
	}
}
