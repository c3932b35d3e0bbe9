/* fuzz-cloud: one file read as a clouds.yaml, by its only entry and by the name `node`. Accepted
 * input can be logged in with; a refused one is the operator's. A broken promise aborts. */
#include "fuzz-cloud.h"

#include "conf/check.h"
#include "conf/cloud.h"

#include "scratch.h"

static void look(const struct cloud *c)
{
	struct err e = ERR_INIT;

	promise(c->auth_url && check_url(c->auth_url, &e) == 0);
	if (c->application_credential_id) {
		promise(c->application_credential_secret != NULL);
		return;
	}
	promise((c->username || c->user_id) && c->password && (c->project_name || c->project_id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {NULL, "node"};
	const char *dir = scratch("clouds.yaml", data, size);
	char path[160];

	snprintf(path, sizeof(path), "%s/clouds.yaml", dir);
	for (int i = 0; i < 2; i++) {
		struct err e = ERR_INIT;
		own_cloud struct cloud c = {0};

		if (cloud_load(path, names[i], &c, &e) == 0)
			look(&c);
		else
			promise(e.class == ERR_OPERATOR && check_clean(e.msg, CHECK_LINE) &&
				!c.auth_url);
	}
	return 0;
}
