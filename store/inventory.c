/* inventory: DIAGNOSTICS: ERR_OPERATOR if the store's directory cannot be read or written,
 * ERR_NOBODY if memory runs out. An artifact with an invalid manifest belongs to no image: only if
 * it is the least recently used one does it go before verify has looked at it. */
#include "store/inventory.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/served.h"
#include "store/store.h"

#include <fcntl.h>
#include <string.h>

bool inventory_digest_of(const char *name, const char *ending, char digest[SHA256_HEX + 1])
{
	if (strlen(name) != SHA256_HEX + strlen(ending) || strcmp(name + SHA256_HEX, ending) != 0)
		return false;
	memcpy(digest, name, SHA256_HEX);
	digest[SHA256_HEX] = '\0';
	return sha256_valid(digest);
}

static int64_t in_ms(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void describe(struct stored *s, const char *store_dir, int artifacts)
{
	own_free char *manifest = fs_path("%s.json", s->digest);
	own_free char *raw = fs_path("%s.raw", s->digest);
	struct err ignored = ERR_INIT;
	struct manifest m;
	struct stat st;

	if (fstatat(artifacts, manifest, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		s->used_ms = in_ms(st.st_mtim);
		s->bytes = inventory_bytes_of(&st);
	}
	if (fstatat(artifacts, raw, &st, AT_SYMLINK_NOFOLLOW) == 0)
		s->bytes += inventory_bytes_of(&st);
	if (store_manifest(store_dir, s->digest, &m, &ignored) == 0) {
		memcpy(s->image, m.made.image, sizeof(s->image));
		s->built_ms = m.built_ms;
	}
}

static int add(struct inventory *v, const char *digest, const char *store_dir, int artifacts,
	       struct err *e)
{
	enum { STEP = 64 };

	if (v->n % STEP == 0) {
		struct stored *list = reallocarray(v->list, v->n + STEP, sizeof(*list));

		if (!list)
			return err_set(e, ERR_NOBODY, "out of memory for the artifacts of %s",
				       store_dir);
		v->list = list;
	}
	v->list[v->n] = (struct stored){0};
	memcpy(v->list[v->n].digest, digest, SHA256_HEX + 1);
	describe(&v->list[v->n], store_dir, artifacts);
	v->bytes += v->list[v->n++].bytes;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct stored *left = a;
	const struct stored *right = b;

	if (left->used_ms != right->used_ms)
		return left->used_ms < right->used_ms ? -1 : 1;
	return strcmp(left->digest, right->digest);
}

DIR *inventory_open(const char *store_dir, struct err *e)
{
	own_free char *path = fs_path("%s/artifact", store_dir);
	DIR *d = opendir(path);

	if (!d)
		err_sys(e, ERR_OPERATOR, "cannot read the store %s (hornero init makes it)", path);
	return d;
}

bool inventory_next(DIR *artifacts, char digest[SHA256_HEX + 1])
{
	struct dirent *entry;

	while ((entry = readdir(artifacts)))
		if (inventory_digest_of(entry->d_name, ".json", digest))
			return true;
	return false;
}

int inventory_load(struct inventory *out, const char *store_dir, struct err *e)
{
	own_inventory struct inventory v = {0};
	own_dir DIR *d = inventory_open(store_dir, e);
	char digest[SHA256_HEX + 1];

	if (!d)
		return -1;
	while (inventory_next(d, digest))
		if (add(&v, digest, store_dir, dirfd(d), e) < 0)
			return -1;
	if (v.n > 0)
		qsort(v.list, v.n, sizeof(*v.list), by_use);
	*out = v;
	v = (struct inventory){0};
	return 0;
}

void inventory_fini(struct inventory *v)
{
	free(v->list);
	*v = (struct inventory){0};
}

struct stored *inventory_find(const struct inventory *v, const char *digest)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->list[i].digest, digest) == 0)
			return &v->list[i];
	return NULL;
}

int inventory_discard(int artifacts, const char *digest, struct err *e)
{
	own_free char *manifest = fs_path("%s.json", digest);
	own_free char *raw = fs_path("%s.raw", digest);
	own_free char *gone = fs_path("%s.gone", digest);

	if (served_remove(artifacts, digest, e) < 0)
		return -1;
	if (FAILSTEP("collect-manifest-unlink", unlinkat(artifacts, manifest, 0)) < 0 &&
	    errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove the manifest of artifact %.12s",
			       digest);
	failpoint("collect-manifest-gone");
	if (FAILSTEP("collect-rename", renameat(artifacts, raw, artifacts, gone)) < 0 &&
	    errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot move artifact %.12s out of use", digest);
	failpoint("collect-moved");
	return fs_sync_dir(artifacts, ".", e);
}
