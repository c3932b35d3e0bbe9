/* contentkey: DIAGNOSTICS: as toolchain.h. */
#include "agent/common/contentkey.h"

#include "agent/common/toolchain.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static void add_text(struct sha256 *h, const char *name, const char *value)
{
	sha256_add_field(h, name, value, strlen(value));
}

int key_toolchain(const struct conf *c, const struct builder *b, char out[SHA256_HEX + 1],
		  struct err *e)
{
	struct toolchain t;

	if (toolchain_find(c, b, &t, e) < 0)
		return -1;
	memcpy(out, t.digest, sizeof(t.digest));
	return 0;
}

static void architecture_of(char out[65])
{
	struct utsname u;

	snprintf(out, 65, "%s", uname(&u) == 0 ? u.machine : "unknown");
}

int key_parts(const struct conf *c, const struct builder *b, struct key_parts *out, struct err *e)
{
	struct key_parts p = {0};
	struct toolchain t;

	if (toolchain_find(c, b, &t, e) < 0 ||
	    sha256_buffer(b->text, b->text_len, p.builder_file, e) < 0)
		return -1;
	memcpy(p.toolchain, t.digest, sizeof(p.toolchain));
	memcpy(p.version, t.version, sizeof(p.version));
	architecture_of(p.architecture);
	*out = p;
	return 0;
}

static void add_builder(struct sha256 *h, const struct builder *b, const char *toolchain)
{
	char architecture[65];

	architecture_of(architecture);
	add_text(h, "builder", b->name);
	sha256_add_field(h, "file", b->text, b->text_len);
	add_text(h, "toolchain", toolchain);
	add_text(h, "architecture", architecture);
}

static void add_number(struct sha256 *h, const char *name, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)number);
	add_text(h, name, digits);
}

static void add_boot(struct sha256 *h, const struct key_boot *b)
{
	add_text(h, "expect", b->expect);
	add_number(h, "timeout", b->timeout_s);
	add_number(h, "boot memory", b->memory_bytes);
	add_text(h, "boot machine", b->machine);
	if (strcmp(b->bus, IMAGE_BUS_DEFAULT) != 0)
		add_text(h, "boot bus", b->bus);
}

void key_boot_of(const struct image *img, struct key_boot *out)
{
	snprintf(out->expect, sizeof(out->expect), "%s", img->expect ? img->expect : "");
	out->timeout_s = img->timeout_s;
	out->memory_bytes = img->boot_memory_bytes;
	snprintf(out->machine, sizeof(out->machine), "%s", image_machine_name(img->boot_machine));
	snprintf(out->bus, sizeof(out->bus), "%s",
		 img->boot_bus ? img->boot_bus : IMAGE_BUS_DEFAULT);
}

int key_content(const struct conf *c, const struct builder *b, const char *tree,
		const char *attributes, const char *inside, const char *toolchain,
		const char *fetched, const struct key_boot *boot, char out[SHA256_HEX + 1],
		struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	add_text(h, "hornero content key", "2");
	add_text(h, "tree", tree);
	if (*attributes)
		add_text(h, "attributes", attributes);
	if (*inside)
		add_text(h, "inside", inside);
	if (c->on_missing != MISSING_LFS)
		add_text(h, "on missing", conf_missing_words[c->on_missing]);
	add_builder(h, b, toolchain);
	if (*fetched)
		add_text(h, "fetched", fetched);
	if (boot->expect[0])
		add_boot(h, boot);
	sha256_final(h, out);
	return 0;
}

int key_inputs(const struct image *img, const struct builder *b, const char *toolchain,
	       char out[SHA256_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();
	struct key_boot boot = {.timeout_s = 0};

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	add_text(h, "hornero inputs", "1");
	add_text(h, "repo", img->repo);
	add_text(h, "ref", img->ref);
	add_text(h, "subdir", img->subdir);
	add_builder(h, b, toolchain);
	/* If the image file has no boot settings, the commit alone decides. */
	if (img->expect || img->timeout_s || img->boot_memory_bytes != IMAGE_BOOT_MEMORY ||
	    img->boot_machine != IMAGE_MACHINE_PC || img->boot_bus) {
		key_boot_of(img, &boot);
		add_boot(h, &boot);
		/* It overrides the repository's, so it is not the same as an unset one. */
		if (img->boot_bus && strcmp(img->boot_bus, IMAGE_BUS_DEFAULT) == 0)
			add_text(h, "boot bus", img->boot_bus);
	}
	sha256_final(h, out);
	return 0;
}

/* A repository that was created again under its name is another one: another user may have had the
 * name before. */
int key_binding(const struct conf *c, const struct image *img, char out[SHA256_HEX + 1],
		struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();
	own_free char *repo = fs_path("%s/%s.git", c->repo_root, img->repo);
	struct stat st;

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	if (stat(repo, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot stat the repository %s", repo);
	add_text(h, "hornero binding", "1");
	add_text(h, "repo", img->repo);
	add_number(h, "inode", (int64_t)st.st_ino);
	add_number(h, "born", fs_born_ns(AT_FDCWD, repo));
	add_text(h, "ref", img->ref);
	add_text(h, "subdir", img->subdir);
	sha256_final(h, out);
	return 0;
}

/* Whether the command sees it. Tools do not remember the words of their last run, so if one of
 * these changes, a build starts clean. */
static bool is_seen(const char *line)
{
	static const char *const seen[] = {"arguments ", "target ", "env ", "subdir "};

	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		if (strncmp(line, seen[i], strlen(seen[i])) == 0)
			return true;
	return false;
}

int key_source(const char *binding, const struct builder *b, const struct repowords *words,
	       const char *toolchain, char out[SHA256_HEX + 1], struct err *e)
{
	const char *line = NULL;
	own_sha256 struct sha256 *h = sha256_new();

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	add_text(h, "hornero source", "1");
	add_text(h, "binding", binding);
	add_builder(h, b, toolchain);
	while ((line = repowords_line(words, line)))
		if (is_seen(line))
			add_text(h, "word", line);
	sha256_final(h, out);
	return 0;
}

int key_fetched(const char *source, const char *locks, char out[SHA256_HEX + 1], struct err *e)
{
	own_free char *text = fs_path("fetched %s %s", source, locks);

	return sha256_buffer(text, strlen(text), out, e);
}

int key_pinned(const char *release, char out[SHA256_HEX + 1], struct err *e)
{
	own_free char *text = fs_path("pinned %s", release);

	return sha256_buffer(text, strlen(text), out, e);
}
