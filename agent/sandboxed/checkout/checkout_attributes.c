/* checkout_attributes: reads the commit's .gitattributes only. Neither $GIT_DIR/info/attributes nor
 * the configuration of the node or a user may change what a build sees.
 * DIAGNOSTICS: as checkout.c. */
#include "agent/sandboxed/checkout/checkout_inner.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <git2/sys/repository.h>
#include <string.h>

#define FILE_NAME ".gitattributes"

static int open_plain(struct checkout *k, struct err *e)
{
	git_config *none = NULL;
	int rc;

	if (k->plain)
		return 0;
	rc = git_repository_wrap_odb(&k->plain, k->odb);
	if (rc == 0)
		rc = git_config_new(&none);
	if (rc == 0)
		rc = git_repository_set_config(k->plain, none);
	git_config_free(none);
	return rc < 0 ? checkout_fail(e, "cannot read the attributes of", k->where) : 0;
}

static bool is(const char *value, const char *word)
{
	return git_attr_value(value) == GIT_ATTR_VALUE_STRING && strcmp(value, word) == 0;
}

/* Follows git's convert_attrs: `text` overrides its older name `crlf`; eol alone implies text. */
static void take_eol(const char *text, const char *crlf, const char *eol, struct convert *c)
{
	const char *said = git_attr_value(text) == GIT_ATTR_VALUE_UNSPECIFIED ? crlf : text;

	c->text_auto = is(said, "auto") && !is(eol, "lf");
	if (git_attr_value(said) == GIT_ATTR_VALUE_FALSE || !is(eol, "crlf"))
		return;
	c->eol = c->text_auto ? CONVERT_CRLF_AUTO : CONVERT_CRLF;
}

static int take_encoding(const char *value, const char *path, struct convert *c, struct err *e)
{
	git_attr_value_t kind = git_attr_value(value);

	if (kind == GIT_ATTR_VALUE_UNSPECIFIED || is(value, ""))
		return 0;
	if (kind != GIT_ATTR_VALUE_STRING || strlen(value) > CONVERT_ENCODING_MAX)
		return err_set(e, ERR_PUSHER, "%s: working-tree-encoding needs the name of an "
			       "encoding; correct %s", path, FILE_NAME);
	if (strcasecmp(value, "UTF-8") != 0 && strcasecmp(value, "UTF8") != 0)
		snprintf(c->encoding, sizeof(c->encoding), "%s", value);
	return 0;
}

int checkout_attributes(struct checkout *k, const char *path, struct checkout_attributes *out,
			struct err *e)
{
	enum { TEXT, CRLF, EOL, IDENT, ENCODING, FILTER, N };
	static const char *names[N] = {"text", "crlf", "eol", "ident", "working-tree-encoding",
				       "filter"};
	own_free char *full = fs_path("%s%s%s", k->subdir, *k->subdir ? "/" : "", path);
	git_attr_options how = {.version = GIT_ATTR_OPTIONS_VERSION};
	const char *v[N];

	*out = (struct checkout_attributes){.filter = ""};
	if (open_plain(k, e) < 0)
		return -1;
	how.flags = GIT_ATTR_CHECK_INDEX_ONLY | GIT_ATTR_CHECK_NO_SYSTEM |
		    GIT_ATTR_CHECK_INCLUDE_COMMIT;
	how.attr_commit_id = k->commit;
	if (git_attr_get_many_ext(v, k->plain, &how, full, N, names) < 0)
		return checkout_fail(e, "cannot read the attributes of", path);
	out->convert.ident = git_attr_value(v[IDENT]) == GIT_ATTR_VALUE_TRUE;
	take_eol(v[TEXT], v[CRLF], v[EOL], &out->convert);
	if (git_attr_value(v[FILTER]) == GIT_ATTR_VALUE_STRING)
		snprintf(out->filter, sizeof(out->filter), "%s", v[FILTER]);
	return take_encoding(v[ENCODING], path, &out->convert, e);
}

/* Appends a line for the .gitattributes of this tree, if it has one. */
static void add_above(char **text, const git_tree *tree, size_t depth)
{
	const git_tree_entry *entry = git_tree_entry_byname(tree, FILE_NAME);
	char hex[CHECKOUT_HEX + 1];
	char *longer;

	if (!entry)
		return;
	git_oid_tostr(hex, sizeof(hex), git_tree_entry_id(entry));
	longer = fs_path("%s%zu %o %s\n", *text, depth,
			 (unsigned int)git_tree_entry_filemode_raw(entry), hex);
	free(*text);
	*text = longer;
}

int checkout_look_above(struct checkout *k, const git_tree *root, struct err *e)
{
	own_free char *text = fs_path("%s\n", k->subdir);
	size_t nothing = strlen(text);
	git_tree *tree = NULL;
	const char *at = k->subdir;
	git_oid digest;
	int rc = 0;

	for (size_t depth = 0; *at && rc == 0; depth++) {
		size_t len = strcspn(at, "/");
		own_free char *name = fs_path("%.*s", (int)len, at);
		const git_tree_entry *entry = git_tree_entry_byname(tree ? tree : root, name);
		git_tree *below = NULL;

		add_above(&text, tree ? tree : root, depth);
		at += len + (at[len] == '/');
		if (*at)
			rc = entry ? git_tree_lookup(&below, k->repo, git_tree_entry_id(entry))
				   : GIT_ENOTFOUND;
		git_tree_free(tree);
		tree = below;
	}
	git_tree_free(tree);
	if (rc == 0 && strlen(text) > nothing)
		rc = git_odb_hash(&digest, text, strlen(text), GIT_OBJECT_BLOB);
	if (rc < 0)
		return checkout_fail(e, "cannot read the directories above", k->where);
	if (strlen(text) > nothing)
		git_oid_tostr(k->above, sizeof(k->above), &digest);
	return 0;
}

const char *checkout_above(const struct checkout *k)
{
	return k->above;
}
