/* repofile: pure. DIAGNOSTICS: ERR_PUSHER with NAME:LINE:COLUMN; ERR_NOBODY if memory runs out. */
#include "conf/repofile.h"

#include "conf/check.h"
#include "conf/expect.h"
#include "conf/setting.h"
#include "conf/yaml.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

struct words {
	char *builder, *expect;
	int64_t timeout_s;
	char *artifact, *target, *cmdline, *subdir, *boot_bus;
	char **arguments, **env, **also;
};

#define AT(member) .offset = offsetof(struct words, member)

static const struct setting settings[] = {
	{.name = "builder", .type = SETTING_TEXT, .check = check_name, AT(builder),
	 .allowed = "a builder's name",
	 .help = "Builder of the node that makes the image. The builder of the image file takes "
		 "precedence. If neither is set, the builder is detected by the files in the "
		 "tree."},
	{.name = "expect", .type = SETTING_TEXT, .check = check_expect, AT(expect),
	 .allowed = EXPECT_ALLOWED,
	 .help = "Regular expression that a line of the console must match when the image is "
		 "booted before it is published. The expect of the image file takes precedence. If "
		 "neither is set, the image is not booted."},
	{.name = "timeout", .type = SETTING_DURATION, .min = 1, .max = EXPECT_TIMEOUT_MAX_S,
	 AT(timeout_s),
	 .help = "How long the guest may take until a line matches, in the guest's own time. The "
		 "timeout of the image file takes precedence. If neither is set, it is 30s."},
	{.name = "artifact", .type = SETTING_TEXT, .check = repowords_check_artifact, AT(artifact),
	 .allowed = "a relative path, in which * and ? match within a component",
	 .help = "The file that the build makes, with its path from the image's directory, instead "
		 "of the artifact of the builder file. Exactly one file that this run made must "
		 "match. Untracked files that match are deleted before each run."},
	{.name = "arguments", .type = SETTING_LIST, .check = repowords_check_text, AT(arguments),
	 .allowed = "a list of at most 64 texts, each of at most 512 printable ASCII characters",
	 .help = "Words that are added to the builder's command. They are not passed through a "
		 "shell."},
	{.name = "target", .type = SETTING_TEXT, .check = repowords_check_target, AT(target),
	 .allowed = "a word of A-Z, a-z, 0-9, _, ., /, +, @ and -, not beginning with -",
	 .help = "Target of make, or of a similar command: a word of the builder's command."},
	{.name = "env", .type = SETTING_MAP, AT(env),
	 .allowed = "a mapping of at most 64 names to texts",
	 .help = "Environment variables of the build. They replace those of the builder file. "
		 "Each name needs the permission of the builder."},
	{.name = "subdir", .type = SETTING_TEXT, .check = repowords_check_subdir, AT(subdir),
	 .allowed = "a relative path",
	 .help = "Directory below the image's directory in which the builder's command runs."},
	{.name = "cmdline", .type = SETTING_TEXT, .check = repowords_check_cmdline, AT(cmdline),
	 .allowed = "a text of at most 512 printable ASCII characters, without quotation marks and "
		    "backslashes",
	 .help = "Command line of the kernel, for builders with format: kernel. It replaces that "
		 "of the builder file."},
	{.name = "boot_bus", .type = SETTING_TEXT, .check = repowords_check_bus, AT(boot_bus),
	 .allowed = "virtio, ide or scsi",
	 .help = "Bus by which the guest that is booted sees its disk. The boot_bus of the image "
		 "file takes precedence. If neither is set, it is virtio."},
	{.name = "also", .type = SETTING_LIST, .check = repowords_check_subdir, AT(also),
	 .allowed = "a list of at most 64 relative paths",
	 .help = "Files and directories of the repository outside the image's directory that the "
		 "build sees, with their paths from the top of the repository. They belong to the "
		 "content key."},
};

const struct settings repofile_settings = {REPOFILE_NAME, settings,
					   sizeof(settings) / sizeof(settings[0])};

/* Returns the entry `name` of the setting, or the setting if name is NULL. NULL if there is
 * none. */
static const struct doc_node *find_node(const struct doc *doc, const char *setting,
					const char *name)
{
	const struct doc_node *node = doc_get(doc, setting);

	if (!node || !name)
		return node;
	node = node->first;
	while (node && strcmp(node->key->text, name) != 0)
		node = node->next;
	return node;
}

static int add_text(const struct doc *doc, struct repowords *w, const char *setting,
		    const char *value, struct err *e)
{
	return value && repowords_add(w, setting, value, e) < 0
		       ? doc_position(doc, find_node(doc, setting, NULL), e)
		       : 0;
}

static int add_list(const struct doc *doc, struct repowords *w, const char *setting,
		    char *const *list, struct err *e)
{
	for (; *list; list++)
		if (add_text(doc, w, setting, *list, e) < 0)
			return -1;
	return 0;
}

static int add_env(const struct doc *doc, struct repowords *w, char *const *pairs, struct err *e)
{
	for (; *pairs; pairs++) {
		own_free char *name = strndup(*pairs, strcspn(*pairs, "="));
		const struct doc_node *node = name ? find_node(doc, "env", name) : NULL;

		if (repowords_add(w, "env", *pairs, e) < 0)
			return doc_position(doc, node ? node->key : NULL, e);
	}
	return 0;
}

/* The order is that of the lines which the supervisor reads. */
static int add_all(const struct doc *doc, const struct words *from, struct repowords *w,
		   struct err *e)
{
	if (add_text(doc, w, "artifact", from->artifact, e) < 0 ||
	    add_list(doc, w, "arguments", from->arguments, e) < 0 ||
	    add_text(doc, w, "target", from->target, e) < 0 ||
	    add_text(doc, w, "cmdline", from->cmdline, e) < 0 ||
	    add_env(doc, w, from->env, e) < 0 ||
	    add_text(doc, w, "subdir", from->subdir, e) < 0 ||
	    add_text(doc, w, "boot_bus", from->boot_bus, e) < 0)
		return -1;
	return add_list(doc, w, "also", from->also, e);
}

int repofile_parse(const char *name, const char *text, size_t len, struct repofile *out,
		   struct err *e)
{
	own_doc struct doc *doc = NULL;
	struct words words = {0};
	struct repowords added = {.len = 0};
	int bad;

	if (len > REPOFILE_MAX)
		return err_set(e, ERR_PUSHER,
			       "%s:1:1: %zu bytes are too many; at most %d are allowed", name, len,
			       REPOFILE_MAX);
	if (doc_parse(name, text, len, ERR_PUSHER, &doc, e) < 0)
		return -1;
	bad = settings_read(&repofile_settings, doc, NULL, &words, e);
	if (bad == 0)
		bad = add_all(doc, &words, &added, e);
	if (bad == 0) {
		memset(out, 0, sizeof(*out));
		snprintf(out->builder, sizeof(out->builder), "%s",
			 words.builder ? words.builder : "");
		snprintf(out->expect, sizeof(out->expect), "%s", words.expect ? words.expect : "");
		out->timeout_s = words.timeout_s;
		out->words = added;
	}
	settings_fini(&repofile_settings, &words);
	return bad;
}

static int not_allowed(const struct doc *doc, const struct doc_node *at, const char *builder,
		       struct err *e)
{
	char shown[CHECK_SHOWN];

	return doc_fail(doc, at, e,
			"the builder %s does not allow %s here; take it out, or ask the operator "
			"of the node for it (`allow` in the builder file)",
			builder, check_show(at->text, shown));
}

int repofile_read(int dir, struct repofile *out, char **text, size_t *len, struct err *e)
{
	own_fd int fd = fs_open_beneath(dir, REPOFILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	*out = (struct repofile){0};
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, ERR_PUSHER, "cannot read " REPOFILE_NAME);
	if (fs_read_fd(fd, REPOFILE_NAME, REPOFILE_MAX, text, len, e) < 0)
		return -1;
	return repofile_parse(REPOFILE_NAME, *text, *len, out, e);
}

int repofile_allowed(const char *name, const char *text, size_t len, const char *builder,
		     char *const *allow, struct err *e)
{
	own_doc struct doc *doc = NULL;

	if (doc_parse(name, text, len, ERR_PUSHER, &doc, e) < 0)
		return -1;
	for (const struct doc_node *n = doc->root ? doc->root->first : NULL; n; n = n->next) {
		bool is_env = strcmp(n->key->text, "env") == 0;

		if (!is_env && !repowords_may(allow, n->key->text, ""))
			return not_allowed(doc, n->key, builder, e);
		for (const struct doc_node *v = is_env ? n->first : NULL; v; v = v->next)
			if (!repowords_may(allow, "env", v->key->text))
				return not_allowed(doc, v->key, builder, e);
	}
	return 0;
}

int repofile_blame(const char *name, const char *text, size_t len, const char *setting,
		   const char *value, const char *why, struct err *e)
{
	own_doc struct doc *doc = NULL;
	const struct doc_node *node, *entry;
	char shown[CHECK_SHOWN];

	if (doc_parse(name, text, len, ERR_PUSHER, &doc, e) < 0)
		return -1;
	node = find_node(doc, setting, NULL);
	entry = node ? node->first : NULL;
	while (entry && strcmp(entry->text, value) != 0)
		entry = entry->next;
	return doc_fail(doc, entry ? entry : node, e, "%s: %s: %s", setting,
			check_show(value, shown), why);
}
