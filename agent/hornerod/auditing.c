/* auditing: DIAGNOSTICS: none; what cannot be written is one line of the log. */
#include "agent/hornerod/auditing.h"

#include "conf/image.h"
#include "lib/log.h"
#include "lib/own.h"
#include "state/audit.h"
#include "store/nova.h"

enum { WAIT_MS = 200 };

static void add_source(struct audit *a, const struct conf *c, const char *uuid)
{
	own_image struct image img = {0};
	struct err ignored = ERR_INIT;

	if (image_load(c->images_dir, uuid, &img, &ignored) < 0)
		return;
	audit_text(a, "repo", img.repo);
	audit_text(a, "ref", img.ref);
}

static int append(const struct conf *c, const struct verdict *v, const char *cache_name,
		  bool is_release_alone, struct err *e)
{
	own_audit struct audit a = AUDIT_INIT;
	char release[UUID_LEN + 1];

	if (nova_release(v->made.image, v->made.digest, release, e) < 0 ||
	    audit_open(&a, c->audit_dir, WAIT_MS, e) < 0)
		return -1;
	audit_begin(&a, is_release_alone ? "published-alone" : "published");
	audit_text(&a, "image", v->made.image);
	add_source(&a, c, v->made.image);
	audit_text(&a, "commit", v->made.commit);
	audit_text(&a, "release", release);
	audit_text(&a, "digest", v->made.digest);
	audit_text(&a, "cache_file", cache_name);
	audit_number(&a, "job", v->made.job);
	audit_number(&a, "attempt", v->made.attempt);
	return audit_end(&a, e) < 0 ? -1 : audit_sync(&a, e);
}

void auditing_published(const struct agent *a, const struct verdict *v, const char *cache_name,
			bool is_release_alone)
{
	struct err e = ERR_INIT;

	if (append(a->conf, v, cache_name, is_release_alone, &e) < 0)
		log_error("event=not-audited job=%lld image=%s %s", (long long)v->made.job,
			  v->made.image, e.msg);
}
