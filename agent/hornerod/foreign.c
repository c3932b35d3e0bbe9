/* foreign: files in Nova's cache that stopped a publication because they are not hornero's. The
 * publisher decides that; this list remembers its decision, so that it is not asked about the same
 * file each second. DIAGNOSTICS: without memory, or if the file cannot be examined, the publisher
 * is asked again. */
#include "agent/hornerod/agent.h"
#include "agent/hornerod/foreign.h"

#include "state/replace.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/nova.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct foreign {
	struct foreign *next;
	char image[UUID_LEN + 1];
	int64_t job;
	struct stat st;
	int64_t born_ns;
};

static int look(const struct conf *c, const char *image, struct stat *st, int64_t *born_ns)
{
	char name[SHA1_HEX + 1];
	struct err ignored = ERR_INIT;
	own_free char *path = NULL;

	if (nova_cache_name(image, name, &ignored) < 0)
		return -1;
	path = fs_path("%s/%s", c->cache_dir, name);
	*born_ns = fs_born_ns(AT_FDCWD, path);
	return lstat(path, st);
}

void foreign_forget(struct agent *a, const char *image)
{
	struct foreign **at = &a->foreign;

	while (*at && strcmp((*at)->image, image) != 0)
		at = &(*at)->next;
	if (*at) {
		struct foreign *f = *at;

		*at = f->next;
		free(f);
	}
}

void foreign_note(struct agent *a, const char *image, int64_t job)
{
	struct foreign *f = calloc(1, sizeof(*f));

	foreign_forget(a, image);
	if (!f || look(a->conf, image, &f->st, &f->born_ns) < 0) {
		free(f);
		return;
	}
	snprintf(f->image, sizeof(f->image), "%s", image);
	f->job = job;
	f->next = a->foreign;
	a->foreign = f;
}

bool foreign_stands(const struct agent *a, const char *image, int64_t job)
{
	const struct foreign *f = a->foreign;
	struct stat st;
	int64_t born_ns;

	while (f && (strcmp(f->image, image) != 0 || f->job != job))
		f = f->next;
	return f && look(a->conf, image, &st, &born_ns) == 0 && st.st_ino == f->st.st_ino &&
	       born_ns == f->born_ns && st.st_size == f->st.st_size &&
	       st.st_mtim.tv_sec == f->st.st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == f->st.st_mtim.tv_nsec &&
	       !replace_permits(a->conf->images_dir, image, &st, born_ns);
}

void foreign_forget_all(struct agent *a)
{
	while (a->foreign)
		foreign_forget(a, a->foreign->image);
}
