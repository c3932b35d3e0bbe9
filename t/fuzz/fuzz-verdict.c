/* fuzz-verdict: one file read as the verdict of job 1, attempt 1. Accepted input can be published
 * from. */
#include "fuzz-verdict.h"

#include "agent/common/verdict.c"

#include "scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = scratch("1.1.verdict", data, size);
	struct err e = ERR_INIT;
	struct verdict v;

	if (verdict_read(dir, 1, 1, &v, &e) != 1)
		return 0;
	promise(v.made.job == 1 && v.made.attempt == 1 && uuid_valid(v.made.image) &&
		v.size_bytes >= 0);
	promise(v.class != ERR_NONE ||
		(sha256_valid(v.made.digest) && sha256_valid(v.made.key) &&
		 sha256_valid(v.made.inputs)));
	promise(memchr(v.cause, 0, sizeof(v.cause)) && memchr(v.reason, 0, sizeof(v.reason)) &&
		memchr(v.made.commit, 0, sizeof(v.made.commit)) &&
		memchr(v.made.repo, 0, sizeof(v.made.repo)) && memchr(v.built, 0, sizeof(v.built)));
	return 0;
}
