/* good: DIAGNOSTICS: as conf_load. An unusable copy is as none. */
#include "conf/good.h"

#include "conf/yaml.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Reads the copy if its owner is that of the file, or root, and nobody else may write to it. */
static bool read_copy(const char *copy, const struct stat *file, struct stat *st, char **text,
		      size_t *len)
{
	own_fd int fd = open(copy, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct err ignored = ERR_INIT;

	return fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) && (st->st_mode & 022) == 0 &&
	       (st->st_uid == file->st_uid || st->st_uid == 0) &&
	       fs_read_fd(fd, copy, DOC_BYTES_MAX, text, len, &ignored) == 0;
}

/* Only root may remove what a killed process left in the operators' directory. */
static void clear_killed(const char *path)
{
	own_free char *dir = fs_path("%.*s", (int)(strrchr(path, '/') - path + 1), path);
	struct err ignored = ERR_INIT;

	(void)fs_clear_staging(dir, &ignored);
}

int conf_keep_good(const char *path, struct err *e)
{
	own_free char *text = NULL, *old = NULL, *copy = NULL;
	own_conf struct conf *c = NULL;
	char real[PATH_MAX];
	struct stat file, st;
	size_t len, old_len;

	if (conf_read(path, real, &text, &len, e) < 0 || conf_parse(&c, real, text, len, e) < 0)
		return -1;
	if (stat(real, &file) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at %s", real);
	if (geteuid() != 0 && geteuid() != file.st_uid)
		return 0;
	copy = fs_path("%s" CONF_GOOD_ENDING, real);
	file.st_mode &= ~(mode_t)022;
	clear_killed(real);
	if (read_copy(copy, &file, &st, &old, &old_len) && len == old_len &&
	    memcmp(text, old, len) == 0 && st.st_mode == file.st_mode && st.st_gid == file.st_gid)
		return 0;
	return fs_replace_like(AT_FDCWD, copy, text, len, &file, e) < 0 ? -1 : 1;
}

/* Says which copy is used, in front of the error. */
static void say_copy(struct err *broken, const char *copy, const struct stat *st)
{
	char at[32] = "";
	struct tm tm;

	if (localtime_r(&st->st_mtime, &tm))
		strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S", &tm);
	err_wrap(broken, "%s of %s is used, because of an error", copy, at);
}

int conf_load_good(struct conf **out, const char *path, struct err *broken, struct err *e)
{
	own_free char *text = NULL, *copy = NULL;
	struct err unusable = ERR_INIT;
	char real[PATH_MAX];
	struct stat file, st;
	size_t len;

	if (conf_load(out, path, broken) == 0)
		return 0;
	*e = *broken;
	if (broken->class != ERR_OPERATOR || broken->sys || !realpath(path, real) ||
	    stat(real, &file) < 0)
		return -1;
	copy = fs_path("%s" CONF_GOOD_ENDING, real);
	if (!read_copy(copy, &file, &st, &text, &len) ||
	    conf_parse(out, real, text, len, &unusable) < 0)
		return -1;
	failpoint_arm((*out)->failpoint);
	say_copy(broken, copy, &st);
	return 1;
}

int conf_load_service(struct conf **out, const char *path, struct err *e)
{
	struct err broken = ERR_INIT;
	int rc = conf_load_good(out, path, &broken, e);

	if (rc > 0)
		log_error("event=configuration-broken %s", broken.msg);
	return rc < 0 ? -1 : 0;
}
