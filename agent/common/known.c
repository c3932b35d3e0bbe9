/* known: DIAGNOSTICS: ERR_OPERATOR if the store has lost the artifact of a pin or its file was
 * changed: it can be rebuilt only if its commit is on the ref. */
#include "agent/common/known.h"

#include "agent/common/contentkey.h"
#include "lib/own.h"
#include "state/tip.h"
#include "store/answer.h"
#include "store/release.h"
#include "store/store.h"
#include "store/warm.h"

#include <string.h>

/* Describes the artifact that becomes warm. The image, the attempt and the commit stay those of the
 * verdict; `made` may name others. */
static void describe(const struct conf *c, const struct image *img, const struct provenance *made,
		     int64_t size_bytes, struct verdict *v)
{
	struct answer a;

	memcpy(v->made.digest, made->digest, sizeof(made->digest));
	memcpy(v->made.key, made->key, sizeof(made->key));
	memcpy(v->made.tree, made->tree, sizeof(made->tree));
	memcpy(v->made.builder, made->builder, sizeof(made->builder));
	snprintf(v->made.repo, sizeof(v->made.repo), "%s", img->repo);
	v->size_bytes = size_bytes;
	v->reused = true;
	/* How it was built, if known. */
	answer_describe(c->store_dir, img->uuid, made->key, made->digest, &a);
	memcpy(v->built, a.built, sizeof(v->built));
}

static int refuse(struct verdict *v, const char *uuid, const char *why)
{
	return verdict_end(v, CAUSE_PINNED, "cannot publish release %s, which the image is pinned "
			   "to: %s; `hornero rollback %s` lists the others; with --undo the image "
			   "follows its ref again", v->made.pinned, why, uuid);
}

int known_pin(const struct conf *c, const struct image *img, struct verdict *v)
{
	const char *release = image_pin_at(img, v->made.commit);
	char digest[SHA256_HEX + 1];
	struct err e = ERR_INIT;
	struct manifest m;
	own_fd int fd = -1;
	int found;

	if (!release)
		return 0;
	snprintf(v->made.pinned, sizeof(v->made.pinned), "%s", release);
	found = key_pinned(release, v->made.inputs, &e) < 0
			? -1
			: release_find(c->store_dir, img->uuid, img->repo, release, digest, &e);
	if (found < 0)
		return verdict_say(v, e.class, CAUSE_STORE, "%s", e.msg);
	if (found == 0)
		return refuse(v, img->uuid, "the store no longer has its artifact");
	fd = store_open(c->store_dir, digest, &m, &e);
	if (fd < 0)
		return refuse(v, img->uuid, e.msg);
	describe(c, img, &m.made, m.size_bytes, v);
	return 1;
}

/* Trusts the warm record, not the row with the inputs: the record names what was built for this
 * commit. */
static int known_warm(const struct conf *c, const struct image *img, const char *inputs,
		      struct verdict *v)
{
	struct err ignored = ERR_INIT;
	struct manifest m;
	struct warm w;
	own_fd int fd = -1;

	if (!*inputs || warm_load(c->store_dir, img->uuid, &w, &ignored) != 1 ||
	    !warm_satisfies(&w, v->made.commit, NULL) || strcmp(w.made.inputs, inputs) != 0)
		return 0;
	fd = store_open(c->store_dir, w.made.digest, &m, &ignored);
	if (fd < 0)
		return 0;
	memcpy(v->made.inputs, w.made.inputs, sizeof(v->made.inputs));
	describe(c, img, &w.made, m.size_bytes, v);
	return 1;
}

int known_now(const struct conf *c, const struct image *img, const char *inputs, struct verdict *v)
{
	int known;

	if (!tip_read(c->repo_root, img->repo, img->ref, v->made.commit))
		return 0;
	known = known_pin(c, img, v);
	return known == 0 ? known_warm(c, img, inputs, v) : known;
}
