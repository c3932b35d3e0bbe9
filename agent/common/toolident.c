/* toolident: DIAGNOSTICS: ERR_NOBODY if out of memory only. A missing file is part of the
 * digest. */
#include "agent/common/toolident.h"

#include "conf/tool.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MOST = 40 };

static void add_stat(struct sha256 *h, const char *path, const struct stat *st)
{
	own_free char *text = fs_path("%s %llu %llu %o %lld %lld.%09ld %lld.%09ld\n", path,
				      (unsigned long long)st->st_dev,
				      (unsigned long long)st->st_ino, st->st_mode,
				      (long long)st->st_size, (long long)st->st_mtim.tv_sec,
				      st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
				      st->st_ctim.tv_nsec);

	sha256_add(h, text, strlen(text));
}

/* Returns the target of the link at `path`, which the caller frees, or NULL if it is not a link. */
static char *follow(const char *path)
{
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);
	const char *slash = strrchr(path, '/');

	if (n < 0)
		return NULL;
	to[n] = '\0';
	return to[0] == '/' ? fs_path("%s", to) : fs_path("%.*s/%s", (int)(slash - path), path, to);
}

static void add_file(struct sha256 *h, const char *path)
{
	own_free char *at = fs_path("%s", path);

	for (int i = 0; i < LINKS_MOST && at; i++) {
		struct stat st;
		char *next;

		if (lstat(at, &st) < 0) {
			sha256_add(h, at, strlen(at));
			sha256_add(h, " absent\n", 8);
			return;
		}
		add_stat(h, at, &st);
		next = S_ISLNK(st.st_mode) ? follow(at) : NULL;
		free(at);
		at = next;
	}
}

struct names {
	struct sha256 *h;
	const struct conf *c;
	const struct builder *b;
};

/* Adds a path, or a program where a version command would find it. Ignores all other words. */
static void add_word(const struct names *n, const char *word)
{
	own_free char *path = NULL;

	if (*word == '/') {
		add_file(n->h, word);
		return;
	}
	if (!*word || *word == '-' || strchr(word, '/'))
		return;
	path = tool_find(n->c, n->b, word);
	if (path)
		add_file(n->h, path);
}

/* Adds every part of the text that may be a name. */
static void add_words(const struct names *n, const char *text)
{
	own_free char *copy = fs_path("%s", text);
	char *rest = copy, *word;

	while ((word = strsep(&rest, " \t\n;|&()<>{}'\"`$=,*?[]!#")))
		add_word(n, word);
}

int toolident_programs(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1],
		       struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();
	const struct names n = {h, c, b};

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	sha256_add(h, b->text, b->text_len);
	for (char ***argv = b->version; argv && *argv; argv++)
		for (char **word = *argv; *word; word++)
			add_words(&n, *word);
	for (char **need = b->needs; need && *need; need++)
		add_word(&n, *need);
	add_file(h, "/var/lib/dpkg/status");
	add_file(h, "/etc/ld.so.cache");
	sha256_final(h, out);
	return 0;
}
