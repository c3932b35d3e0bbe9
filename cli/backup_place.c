/* backup_place: the small files of a backup: where they are, and who owns them.
 * DIAGNOSTICS: ERR_OPERATOR if a file cannot be read or written; names the path. */
#include "cli/backup.h"

#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "state/mirror.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_MAX_BYTES = 64 };

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return fs_path("%.*s", slash > path ? (int)(slash - path) : 1, path);
}

void backup_places_init(struct backup_places *p, const struct conf *c)
{
	const char *slash = strrchr(c->keys_file, '/');
	const struct backup_place list[BACKUP_PLACES] = {
		{"clock", fs_path("%s", c->queue_dir), fs_path("clock")},
		{"keys", parent_of(c->keys_file), fs_path("%s", slash + 1)},
		{"skip", fs_path("%s", c->skip_dir), NULL},
		{"pause", fs_path("%s", c->pause_dir), NULL},
		{"door", fs_path("%s", c->door_host_keys), NULL},
		{"mirror-access", fs_path("%s/" MIRROR_ACCESS, c->mirror_dir), NULL},
		{"glance", fs_path("%s", c->glance_dir), NULL},
		{"notify", fs_path("%s", c->notify_dir), NULL},
		{"images.d", fs_path("%s", c->images_dir), NULL},
	};

	memcpy(p->list, list, sizeof(list));
}

void backup_places_fini(struct backup_places *p)
{
	for (size_t i = 0; i < BACKUP_PLACES; i++) {
		free(p->list[i].dir);
		free(p->list[i].file);
	}
}

/* Temporary names begin with a dot. */
static bool is_plain(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len <= NAME_MAX_BYTES &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		       len;
}

/* A file that is removed meanwhile counts as missing; a link or a directory is not ours. */
static int save_file(struct tar_out *t, const struct backup_place *p, int dir, const char *name,
		     const char *member, struct err *e)
{
	own_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	own_free char *shown = fs_path("%s/%s", p->dir, name);
	own_free char *text = NULL;
	struct stat st;
	size_t len;

	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read %s; run `hornero backup` as root",
			       shown);
	if (!S_ISREG(st.st_mode))
		return 0;
	return fs_read_fd(fd, shown, BACKUP_TEXT_MAX, &text, &len, e) < 0
		       ? -1 : tar_add(t, member, st.st_mode, text, len, e);
}

static int save_place(const struct backup_place *p, struct tar_out *t, struct err *e)
{
	own_dir DIR *d = opendir(p->dir);
	struct dirent *entry;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s; run `hornero backup` as root",
			       p->dir);
	if (p->file)
		return save_file(t, p, dirfd(d), p->file, p->name, e);
	while ((entry = readdir(d))) {
		own_free char *member = fs_path("%s/%s", p->name, entry->d_name);

		if (is_plain(entry->d_name) &&
		    save_file(t, p, dirfd(d), entry->d_name, member, e) < 0)
			return -1;
	}
	return 0;
}

int backup_places_save(const struct backup_places *p, struct tar_out *t, struct err *e)
{
	for (size_t i = 0; i < BACKUP_PLACES; i++)
		if (save_place(&p->list[i], t, e) < 0)
			return -1;
	return 0;
}

int backup_act_as_owner(struct backup_owner *o, int dir, struct err *e)
{
	struct stat st;

	*o = (struct backup_owner){.uid = geteuid(), .gid = getegid()};
	if (fstat(dir, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at a directory");
	if (o->uid != 0 || st.st_uid == 0)
		return 0;
	o->changed = true;
	if (setegid(st.st_gid) < 0 || seteuid(st.st_uid) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot act as user %u", st.st_uid);
	return 0;
}

void backup_act_again(struct backup_owner *o)
{
	if (o->changed && (seteuid(o->uid) < 0 || setegid(o->gid) < 0))
		abort();
	o->changed = false;
}

/* The place and the file name of a member; NULL if it has none. */
static const struct backup_place *place_of(const struct backup_places *p, const char *member,
					   const char **name)
{
	for (size_t i = 0; i < BACKUP_PLACES; i++) {
		const struct backup_place *at = &p->list[i];
		size_t len = strlen(at->name);

		if (strncmp(member, at->name, len) != 0 || member[len] != (at->file ? '\0' : '/'))
			continue;
		*name = at->file ? at->file : member + len + 1;
		return is_plain(*name) ? at : NULL;
	}
	return NULL;
}

int backup_places_put(const struct backup_places *p, int archive, const struct tar_member *m,
		      struct err *e)
{
	const char *name = NULL;
	const struct backup_place *at = place_of(p, m->name, &name);
	own_owner struct backup_owner owner = {0};
	own_free char *text = NULL;
	own_fd int dir = -1;

	if (!at || access(at->dir, F_OK) < 0)
		return 0;
	dir = dirs_make(at->dir, 0755, NULL, e);
	if (dir < 0 || tar_read(archive, m, BACKUP_TEXT_MAX, &text, e) < 0 ||
	    backup_act_as_owner(&owner, dir, e) < 0)
		return -1;
	if (fs_replace(dir, name, text, (size_t)m->size, m->mode, e) < 0)
		return err_wrap(e, "in %s", at->dir);
	return 1;
}

int backup_nameless(const char *dir, struct err *e)
{
	own_free char *path = fs_path("%s/.hornero-backup.%d.tmp", dir, (int)getpid());
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd >= 0 ? fd : err_sys(e, ERR_OPERATOR, "cannot make a file in %s", dir);
	fd = fs_create(AT_FDCWD, path, O_RDWR, 0600);
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a file in %s", dir);
	FAILSTEP("place-unlink", unlink(path));
	return fd;
}
