/* key: DIAGNOSTICS: ERR_OPERATOR where a version command or an input file of the builder fails. */
#include "agent/key.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

/* The first line of what a version command said, behind those of the others. */
static void note_version(char version[KEY_VERSION_MAX + 1], const char *said, size_t len)
{
	const char *newline = memchr(said, '\n', len);
	size_t at = strlen(version), from = at;

	len = newline ? (size_t)(newline - said) : len;
	at += (size_t)snprintf(version + at, KEY_VERSION_MAX + 1 - at, "%s%.*s", at ? "; " : "", (int)len, said);
	if (at > KEY_VERSION_MAX)
		at = KEY_VERSION_MAX;
	for (size_t i = from; i < at; i++)
		if (version[i] < ' ' || version[i] > '~')
			version[i] = '?';
}

/* version: NULL where nobody wants to read it. */
static int add_version(struct sha256 *h, const struct conf *c, const struct builder *b, char *const *argv, char *version,
		       struct err *e)
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
	if (version)
		note_version(version, out, len);
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

static int digest_toolchain(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1], char *version,
			    struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	for (char ***argv = b->version; argv && *argv; argv++)
		if (add_version(h, c, b, *argv, version, e) < 0)
			return -1;
	for (char **path = b->inputs; path && *path; path++)
		if (add_input(h, b, *path, e) < 0)
			return -1;
	sha256_final(h, out);
	return 0;
}

int key_toolchain(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1], struct err *e)
{
	return digest_toolchain(c, b, out, NULL, e);
}

static void architecture_of(char out[65])
{
	struct utsname u;

	snprintf(out, 65, "%s", uname(&u) == 0 ? u.machine : "unknown");
}

int key_parts(const struct conf *c, const struct builder *b, struct key_parts *out, struct err *e)
{
	struct key_parts p = {0};

	if (digest_toolchain(c, b, p.toolchain, p.version, e) < 0 ||
	    sha256_buffer(b->text, b->text_len, p.builder_file, e) < 0)
		return -1;
	architecture_of(p.architecture);
	*out = p;
	return 0;
}

static void add_builder(struct sha256 *h, const struct builder *b, const char *toolchain)
{
	char architecture[65];

	architecture_of(architecture);
	add_text(h, "builder", b->name);
	add(h, "file", b->text, b->text_len);
	add_text(h, "toolchain", toolchain);
	add_text(h, "architecture", architecture);
}

static void add_number(struct sha256 *h, const char *name, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)number);
	add_text(h, name, digits);
}

static void add_boot(struct sha256 *h, const char *expect, int64_t timeout_s, int64_t memory_bytes, const char *machine)
{
	add_text(h, "expect", expect);
	add_number(h, "timeout", timeout_s);
	add_number(h, "boot memory", memory_bytes);
	add_text(h, "boot machine", machine);
}

int key_content(const struct builder *b, const char *tree, const char *attributes, const char *toolchain,
		const struct key_boot *boot, char out[SHA256_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	add_text(h, "hornero content key", "2");
	add_text(h, "tree", tree);
	if (*attributes)
		add_text(h, "attributes", attributes);
	add_builder(h, b, toolchain);
	if (boot->expect[0])
		add_boot(h, boot->expect, boot->timeout_s, boot->memory_bytes, boot->machine);
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
	/* Where the file says nothing of a boot, the commit says all. */
	if (img->expect || img->timeout_s || img->boot_memory_bytes != IMAGE_BOOT_MEMORY || img->boot_machine != IMAGE_MACHINE_PC)
		add_boot(h, img->expect ? img->expect : "", img->timeout_s, img->boot_memory_bytes,
			 image_machine_name(img->boot_machine));
	sha256_final(h, out);
	return 0;
}

/* A repository that was made anew under its name is another one: somebody else may have had the name before. */
int key_binding(const struct conf *c, const struct image *img, char out[SHA256_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();
	own_free char *repo = fs_path("%s/%s.git", c->repo_root, img->repo);
	struct stat st;

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	if (stat(repo, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at the repository %s", repo);
	add_text(h, "hornero binding", "1");
	add_text(h, "repo", img->repo);
	add_number(h, "inode", (int64_t)st.st_ino);
	add_number(h, "born", fs_born_ns(AT_FDCWD, repo));
	add_text(h, "ref", img->ref);
	add_text(h, "subdir", img->subdir);
	sha256_final(h, out);
	return 0;
}

int key_source(const char *binding, const struct builder *b, const char *toolchain, char out[SHA256_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	add_text(h, "hornero source", "1");
	add_text(h, "binding", binding);
	add_builder(h, b, toolchain);
	sha256_final(h, out);
	return 0;
}

int key_pinned(const char *release, char out[SHA256_HEX + 1], struct err *e)
{
	own_free char *text = fs_path("pinned %s", release);

	return sha256_buffer(text, strlen(text), out, e);
}
