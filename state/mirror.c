/* mirror: DIAGNOSTICS: ERR_USAGE for a URL; ERR_OPERATOR and ERR_NOBODY from fs_replace. */
#include "state/mirror.h"

#include "conf/check.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define URL_ENDING "url"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Skips "USER@" of ssh. A password behind a colon is none of these characters. */
static const char *behind_user(const char *at)
{
	size_t n = 0;

	while (at[n] && (strchr(letters, at[n]) || strchr("._-", at[n])))
		n++;
	return n > 0 && *at != '-' && at[n] == '@' ? at + n + 1 : at;
}

/* Returns the path behind HOST or HOST:PORT, or NULL. A host that begins with - would be an option
 * of ssh. */
static const char *behind_host(const char *at)
{
	bool is_six = *at == '[';
	size_t n = is_six, digits;

	while (at[n] && (strchr(letters, at[n]) || strchr(is_six ? ":" : ".-", at[n])))
		n++;
	if (n <= (size_t)is_six || *at == '-' || (is_six && at[n++] != ']'))
		return NULL;
	at += n;
	if (*at == ':') {
		digits = strspn(at + 1, "0123456789");
		if (digits < 1 || digits > 5)
			return NULL;
		at += 1 + digits;
	}
	return *at == '/' ? at : NULL;
}

int mirror_check_url(const char *text, struct err *e)
{
	bool is_ssh = strncmp(text, "ssh://", 6) == 0, is_https = strncmp(text, "https://", 8) == 0;
	const char *path = is_ssh     ? behind_host(behind_user(text + 6))
			   : is_https ? behind_host(text + 8)
				      : NULL;
	char shown[CHECK_SHOWN];

	for (const char *at = path; at && *at; at++)
		if (!strchr(letters, *at) && !strchr("/._~+@%=,-", *at))
			path = NULL;
	if (!path || !path[1] || strlen(text) > MIRROR_URL_MAX)
		return err_set(e, ERR_USAGE,
			       "%s: ssh://USER@HOST/PATH or https://HOST/PATH is allowed, maybe "
			       "with :PORT, without a password, at most %d bytes",
			       check_show(text, shown), MIRROR_URL_MAX);
	return 0;
}

char *mirror_file(const char *repo)
{
	char *name = fs_path("%s", repo);

	for (char *at = name; *at; at++)
		*at = *at == '/' ? '+' : *at;
	return name;
}

char *mirror_path(const struct conf *c, const char *repo, const char *ending)
{
	own_free char *name = mirror_file(repo);

	return fs_path("%s/%s.%s", c->mirror_dir, name, ending);
}

static int put(const struct conf *c, const char *repo, const char *ending, const char *line,
	       struct err *e)
{
	own_free char *path = mirror_path(c, repo, ending);

	if (fs_replace(AT_FDCWD, path, line, strlen(line), 0644, e) == 0)
		return 0;
	return e->sys == ENOENT ? err_set(e, ERR_OPERATOR,
					  "there is no %s; `hornero init` makes it", c->mirror_dir)
				: -1;
}

/* Returns the file's line, "" if it cannot be read, or NULL if there is none. */
static char *get(const struct conf *c, const char *repo, const char *ending, size_t max)
{
	own_free char *path = mirror_path(c, repo, ending);
	struct err why = ERR_INIT;
	char *text;
	size_t len;

	if (fs_read(AT_FDCWD, path, max + 1, &text, &len, &why) < 0)
		return why.sys == ENOENT ? NULL : fs_path("%s", "");
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Whether the path still names the open file: whoever held it before us may have replaced it. */
static bool is_same(int fd, const char *path)
{
	struct stat open_st, st;

	return fstat(fd, &open_st) == 0 && stat(path, &st) == 0 && st.st_dev == open_st.st_dev &&
	       st.st_ino == open_st.st_ino;
}

int mirror_hold(const struct conf *c, const char *repo, int wait_ms, int *fd, struct err *e)
{
	own_free char *path = mirror_path(c, repo, URL_ENDING);
	own_fd int file = -1;
	int held;

	*fd = -1;
	do {
		own_fd_end(&file);
		file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (file < 0)
			return errno == ENOENT ? 1 : err_sys(e, ERR_OPERATOR,
							     "cannot open %s", path);
		held = fs_flock(file, wait_ms, e);
	} while (held > 0 && !is_same(file, path));
	if (held > 0)
		*fd = steal_fd(&file);
	return held;
}

int mirror_set(const struct conf *c, const char *repo, const char *url, struct err *e)
{
	own_free char *line = fs_path("%s\n", url);

	return put(c, repo, URL_ENDING, line, e);
}

int mirror_unset(const struct conf *c, const char *repo, struct err *e)
{
	static const char *const others[] = {"wish", "json"};
	own_free char *path = mirror_path(c, repo, URL_ENDING);

	if (FAILSTEP("mirror-unlink", unlink(path)) < 0)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		own_free char *other = mirror_path(c, repo, others[i]);

		(void)FAILSTEP("mirror-unlink-other", unlink(other));
	}
	return fs_sync_dir(AT_FDCWD, c->mirror_dir, e) < 0 ? -1 : 1;
}

bool mirror_url(const struct conf *c, const char *repo, char url[MIRROR_URL_MAX + 1])
{
	own_free char *text = get(c, repo, URL_ENDING, MIRROR_URL_MAX);
	struct err ignored = ERR_INIT;

	url[0] = '\0';
	if (text && mirror_check_url(text, &ignored) == 0)
		snprintf(url, MIRROR_URL_MAX + 1, "%s", text);
	return text != NULL;
}

/* The number is a time, but only has to differ from that of earlier notices. */
int mirror_notify(const struct conf *c, const char *repo, int64_t *wish, struct err *e)
{
	own_free char *line = NULL;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*wish = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	line = fs_path("%lld\n", (long long)*wish);
	return put(c, repo, "wish", line, e);
}

int64_t mirror_wish(const struct conf *c, const char *repo)
{
	own_free char *text = get(c, repo, "wish", 20);

	return text ? strtoll(text, NULL, 10) : 0;
}

int mirror_each(const struct conf *c, void (*each)(void *arg, const char *repo), void *arg,
		struct err *e)
{
	static const char ending[] = "." URL_ENDING;
	own_dir DIR *d = opendir(c->mirror_dir);
	struct dirent *entry;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", c->mirror_dir);
	while ((entry = readdir(d))) {
		size_t len = strlen(entry->d_name), tail = sizeof(ending) - 1;
		struct err ignored = ERR_INIT;
		char *name = entry->d_name;

		if (len <= tail || strcmp(name + len - tail, ending) != 0)
			continue;
		name[len - tail] = '\0';
		for (char *at = name; *at; at++)
			*at = *at == '+' ? '/' : *at;
		if (check_repo(name, &ignored) == 0)
			each(arg, name);
	}
	return 0;
}
