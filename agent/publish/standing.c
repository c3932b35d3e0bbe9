/* standing: DIAGNOSTICS: ERR_NOBODY if the files cannot be compared. In doubt the answer is "not
 * the same". */
#include "agent/publish/standing.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "store/warm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK = 1048576 };

int standing_compare(int a, int b, int64_t size, copy_stop *stop, void *arg, struct err *e)
{
	own_free char *left = malloc(CHUNK);
	own_free char *right = malloc(CHUNK);

	if (!left || !right)
		return err_set(e, ERR_NOBODY, "out of memory to compare two images");
	for (int64_t at = 0; at < size; at += CHUNK) {
		ssize_t n = fs_pread(a, left, CHUNK, at);

		if (stop && stop(arg, e) < 0)
			return -1;
		if (n < 0 || fs_pread(b, right, CHUNK, at) != n)
			return err_sys(e, ERR_NOBODY,
				       "cannot compare the artifact with what is in Nova's cache");
		if (memcmp(left, right, (size_t)n) != 0)
			return 0;
	}
	return 1;
}

int standing_look(struct standing *s, const char *store_dir, int cache, const char *image,
		  const char *name, const struct manifest *m, int artifact, copy_stop *stop,
		  void *arg, struct err *e)
{
	own_fd int fd = openat(cache, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int64_t born_ns = fs_born_ns(cache, name);
	struct warm w;
	struct stat st;
	int is_known = warm_load(store_dir, image, &w, e);
	int same;

	*s = (struct standing){0};
	if (is_known < 0)
		return -1;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != m->size_bytes)
		return 0;
	/* A deferred publication is retried each second: if the record says "other bytes", do not
	 * read them each time. For "same bytes" do not trust the record, because disks depend on
	 * it. */
	is_known = is_known == 1 && strcmp(w.name, name) == 0 && w.ino == st.st_ino &&
		   w.size_bytes == st.st_size && born_ns != 0 && w.born_ns == born_ns;
	if (is_known && strcmp(w.made.digest, m->made.digest) != 0)
		return 0;
	same = standing_compare(artifact, fd, m->size_bytes, stop, arg, e);
	if (same < 0)
		return -1;
	*s = (struct standing){
		.same = same == 1, .ino = st.st_ino, .born_ns = born_ns, .size_bytes = st.st_size,
	};
	return 0;
}

bool standing_is_same(const struct standing *s, int cache, const char *name)
{
	return s->same && fs_is_still(cache, name, s->ino, s->size_bytes, s->born_ns);
}
