/* key: DIAGNOSTICS: ERR_OPERATOR where a version command or an input file of the builder fails. */
#include "agent/key.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

enum { VERSION_WAIT_MS = 10000, VERSION_MAX = 65536 };

/* A field that cannot run into its neighbour. */
static void add(struct sha256 *h, const char *name, const char *value, size_t len)
{
	char head[64];
	int n = snprintf(head, sizeof(head), "%s %zu\n", name, len);

	sha256_add(h, head, (size_t)n);
	sha256_add(h, value, len);
	sha256_add(h, "\n", 1);
}

static void add_text(struct sha256 *h, const char *name, const char *value)
{
	add(h, name, value, strlen(value));
}

static int add_version(struct sha256 *h, const struct conf *c, const struct builder *b, char *const *argv, struct err *e)
{
	static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/nonexistent", NULL};
	struct spawn s = SPAWN_INIT((const char *const *)argv);
	own_free char *out = NULL;
	size_t len = 0;
	int status;

	s.envp = env;
	s.cwd = "/";
	s.set_ids = geteuid() == 0;
	s.uid = c->build_uid;
	s.gid = c->build_gid;
	status = spawn_capture(&s, VERSION_WAIT_MS, VERSION_MAX, &out, &len, e);
	if (status < 0)
		return err_wrap(e, "builder %s: version of %s", b->name, argv[0]);
	if (status != 0) {
		char how[64];

		return err_set(e, ERR_OPERATOR, "builder %s: the version command %s ended with %s; correct `version` in its file",
			       b->name, argv[0], spawn_status_text(status, how, sizeof(how)));
	}
	add(h, "version", out, len);
	return 0;
}

static int add_input(struct sha256 *h, const struct builder *b, const char *path, struct err *e)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char digest[SHA256_HEX + 1];

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "builder %s: cannot read its input %s", b->name, path);
	if (sha256_fd(fd, digest, e) < 0)
		return err_wrap(e, "builder %s: %s", b->name, path);
	add_text(h, "input", path);
	add_text(h, "digest", digest);
	return 0;
}

int key_toolchain(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	for (char ***argv = b->version; argv && *argv; argv++)
		if (add_version(h, c, b, *argv, e) < 0)
			return -1;
	for (char **path = b->inputs; path && *path; path++)
		if (add_input(h, b, *path, e) < 0)
			return -1;
	sha256_final(h, out);
	return 0;
}

static void add_builder(struct sha256 *h, const struct builder *b, const char *toolchain)
{
	struct utsname u;

	add_text(h, "builder", b->name);
	add(h, "file", b->text, b->text_len);
	add_text(h, "toolchain", toolchain);
	add_text(h, "architecture", uname(&u) == 0 ? u.machine : "unknown");
}

int key_content(const struct builder *b, const char *tree, const char *toolchain, char out[SHA256_HEX + 1],
		struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	add_text(h, "hornero content key", "1");
	add_text(h, "tree", tree);
	add_builder(h, b, toolchain);
	sha256_final(h, out);
	return 0;
}

int key_inputs(const struct image *img, const struct builder *b, const char *toolchain, char out[SHA256_HEX + 1],
	       struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	add_text(h, "hornero inputs", "1");
	add_text(h, "repo", img->repo);
	add_text(h, "ref", img->ref);
	add_text(h, "subdir", img->subdir);
	add_builder(h, b, toolchain);
	sha256_final(h, out);
	return 0;
}
