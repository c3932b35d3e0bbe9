/* setting: DIAGNOSTICS: settings_read: the document's class with NAME:LINE:COLUMN. settings_set:
 * ERR_USAGE. ERR_NOBODY if memory runs out. */
#include "conf/setting.h"

#include "conf/check.h"
#include "conf/value.h"
#include "lib/distance.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <assert.h>
#include <string.h>

static const struct setting *find_setting(const struct settings *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->list[i].name) == len && memcmp(t->list[i].name, name, len) == 0)
			return &t->list[i];
	return NULL;
}

static const struct setting *nearest(const struct settings *t, const char *name)
{
	const struct setting *best = NULL;
	size_t half = strlen(name) / 2 + 1;
	int least = half < 4 ? (int)half : 4;

	for (size_t i = 0; i < t->n; i++) {
		int far = edit_distance(name, t->list[i].name);

		if (far < least) {
			least = far;
			best = &t->list[i];
		}
	}
	return best;
}

/* A table of more settings is named by its manual: nobody reads so long a list. */
enum { LISTED_MAX = 40 };

static int unknown_setting(const struct settings *t, const char *name, struct err *e)
{
	const struct setting *near = nearest(t, name);
	char shown[CHECK_SHOWN], all[1280];
	size_t used = 0;

	if (t->n > LISTED_MAX)
		snprintf(all, sizeof(all), "%s(5) lists all", t->what);
	else
		used = (size_t)snprintf(all, sizeof(all), "allowed: ");
	for (size_t i = 0; used && i < t->n && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 t->list[i].name);
	return err_set(e, ERR_USAGE, "unknown setting %s%s%s; %s", check_show(name, shown),
		       near ? "; did you mean " : "", near ? near->name : "", all);
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void settings_fini(const struct settings *t, void *base)
{
	for (size_t i = 0; i < t->n; i++) {
		void *member = (char *)base + t->list[i].offset;

		switch (t->list[i].type) {
		case SETTING_TEXT:
		case SETTING_PATH:
			free(*(char **)member);
			*(char **)member = NULL;
			break;
		case SETTING_LIST:
		case SETTING_MAP:
			free_list(*(char ***)member);
			*(char ***)member = NULL;
			break;
		case SETTING_LISTS:
			for (char ***lists = *(char ****)member; lists && *lists; lists++)
				free_list(*lists);
			free(*(char ****)member);
			*(char ****)member = NULL;
			break;
		default:
			break;
		}
	}
}

static const char *kind_name(const struct doc_node *node)
{
	return node->kind == DOC_MAPPING ? "a mapping" : node->kind == DOC_SEQUENCE ? "a list"
	     : node->null ? "nothing" : "a text";
}

static int wrong_kind(const struct setting *k, const struct doc *doc, const struct doc_node *node,
		      struct err *e)
{
	char allowed[VALUE_ALLOWED];

	return doc_fail(doc, node, e, "%s is %s; %s is allowed", k->name, kind_name(node),
			value_allowed(k, allowed));
}

/* Reads the text of one entry of a list or mapping; in a mapping it is "KEY=value". */
static int read_entry(const struct setting *k, const struct doc *doc, const struct doc_node *node,
		      char **out, struct err *e)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char later[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
				    "0123456789";
	char shown[CHECK_SHOWN];

	if (node->kind != DOC_SCALAR || (node->null && k->type != SETTING_MAP))
		return doc_fail(doc, node, e, "%s holds %s; a text is allowed in its place",
				k->name, kind_name(node));
	if (node->key && (strspn(node->key->text, first) == 0 ||
			  strspn(node->key->text, later) != strlen(node->key->text)))
		return doc_fail(doc, node->key, e,
				"%s holds the name %s; A-Z, a-z, 0-9 and _ are allowed, not "
				"beginning with a digit",
				k->name, check_show(node->key->text, shown));
	if (value_check(k, node->text, e) < 0)
		return doc_position(doc, node, e);
	*out = node->key ? fs_path("%s=%s", node->key->text, node->null ? "" : node->text)
			 : fs_path("%s", node->text);
	return 0;
}

static int read_list(const struct setting *k, const struct doc *doc, const struct doc_node *node,
		     char ***out, struct err *e)
{
	size_t i = 0;
	char **list;

	if (node->kind != (k->type == SETTING_MAP ? DOC_MAPPING : DOC_SEQUENCE))
		return wrong_kind(k, doc, node, e);
	if (k->required && node->n == 0)
		return doc_fail(doc, node, e, "%s is empty; at least one entry is needed", k->name);
	list = calloc(node->n + 1, sizeof(*list));
	if (!list)
		return err_set(e, ERR_NOBODY, "%s: out of memory", doc->name);
	*out = list; /* settings_fini frees it, also on failure */
	for (const struct doc_node *child = node->first; child; child = child->next)
		if (read_entry(k, doc, child, &list[i++], e) < 0)
			return -1;
	return 0;
}

static int read_lists(const struct setting *k, const struct doc *doc, const struct doc_node *node,
		      char ****out, struct err *e)
{
	size_t i = 0;
	char ***lists;

	if (node->kind != DOC_SEQUENCE)
		return wrong_kind(k, doc, node, e);
	lists = calloc(node->n + 1, sizeof(*lists));
	if (!lists)
		return err_set(e, ERR_NOBODY, "%s: out of memory", doc->name);
	*out = lists;
	for (const struct doc_node *child = node->first; child; child = child->next) {
		if (child->kind != DOC_SEQUENCE || child->n == 0)
			return doc_fail(doc, child, e,
					"%s holds %s; each entry is a list of words, as [gcc, "
					"--version]",
					k->name,
					child->kind == DOC_SEQUENCE ? "an empty list"
								    : kind_name(child));
		if (read_list(k, doc, child, &lists[i++], e) < 0)
			return -1;
	}
	return 0;
}

static int read_value(const struct setting *k, const struct doc *doc, const struct doc_node *node,
		      const char *dir, void *base, struct err *e)
{
	void *member = (char *)base + k->offset;

	if (k->type == SETTING_LIST || k->type == SETTING_MAP)
		return read_list(k, doc, node, member, e);
	if (k->type == SETTING_LISTS)
		return read_lists(k, doc, node, member, e);
	if (node->kind != DOC_SCALAR || node->null)
		return wrong_kind(k, doc, node, e);
	if (value_set(k, base, node->text, dir, e) < 0)
		return doc_position(doc, node, e);
	return 0;
}

/* "$name/rest" uses another setting's value. That setting is earlier in the table, so it is already
 * set. */
static int set_fallback(const struct settings *t, const struct setting *k, void *base,
			struct err *e)
{
	const struct setting *other;
	size_t len;

	if (!k->fallback || k->fallback[0] != '$')
		return k->fallback ? value_set(k, base, k->fallback, NULL, e) : 0;
	len = strcspn(k->fallback + 1, "/");
	other = find_setting(t, k->fallback + 1, len);
	assert(other && other < k && other->type == k->type);
	own_free char *text = fs_path("%s%s", *(char **)((char *)base + other->offset),
				      k->fallback + 1 + len);

	return value_set(k, base, text, NULL, e);
}

static void unset_ids(const struct setting *k, void *base)
{
	uid_t none = (uid_t)-1;

	if (k->type != SETTING_USER && k->type != SETTING_GROUP)
		return;
	memcpy((char *)base + k->offset, &none, sizeof(none));
	if (k->also)
		memcpy((char *)base + k->also, &none, sizeof(none));
}

static int empty_lists(const struct setting *k, void *base, struct err *e)
{
	void **member = (void **)(void *)((char *)base + k->offset);

	if (value_is_list(k) && !*member && !(*member = calloc(1, sizeof(char *))))
		return err_set(e, ERR_NOBODY, "out of memory");
	return 0;
}

bool settings_given(const struct doc *doc, const struct setting *k)
{
	return doc && doc_get(doc, k->name);
}

static int fill_rest(const struct settings *t, const struct doc *doc, void *base, struct err *e)
{
	const struct doc_node *root = doc ? doc->root : NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct setting *k = &t->list[i];
		char allowed[VALUE_ALLOWED];

		if (settings_given(doc, k))
			continue;
		if (doc && k->required)
			return doc_fail(doc, root, e, "%s is missing; %s is needed", k->name,
					value_allowed(k, allowed));
		if (empty_lists(k, base, e) < 0)
			return -1;
		if (set_fallback(t, k, base, e) < 0)
			return doc ? doc_position(doc, NULL, e) : -1;
	}
	return 0;
}

int settings_defaults(const struct settings *t, void *base, struct err *e)
{
	for (size_t i = 0; i < t->n; i++)
		unset_ids(&t->list[i], base);
	return fill_rest(t, NULL, base, e);
}

static int read_begin(const struct settings *t, const struct doc *doc, void *base, struct err *e)
{
	const struct doc_node *root = doc->root;

	for (size_t i = 0; i < t->n; i++)
		unset_ids(&t->list[i], base);
	if (root && root->kind != DOC_MAPPING)
		return doc_fail(doc, root, e, "%s is a mapping of settings to values, not %s",
				t->what, kind_name(root));
	return 0;
}

static int read_setting(const struct settings *t, const struct doc *doc,
			const struct doc_node *node, const char *dir, void *base, struct err *e)
{
	const struct setting *k = find_setting(t, node->key->text, strlen(node->key->text));

	if (k)
		return read_value(k, doc, node, dir, base, e);
	unknown_setting(t, node->key->text, e);
	return doc_position(doc, node->key, e);
}

int settings_read(const struct settings *t, const struct doc *doc, const char *dir, void *base,
		  struct err *e)
{
	const struct doc_node *root = doc->root;

	if (read_begin(t, doc, base, e) < 0)
		return -1;
	for (const struct doc_node *node = root ? root->first : NULL; node; node = node->next)
		if (read_setting(t, doc, node, dir, base, e) < 0)
			return -1;
	return fill_rest(t, doc, base, e);
}

int settings_check(const struct settings *t, const struct doc *doc, const char *dir, void *base,
		   void (*told)(void *arg, const struct err *fault), void *arg)
{
	const struct doc_node *root = doc->root;
	struct err fault = ERR_INIT;
	int n = 0;

	if (read_begin(t, doc, base, &fault) < 0)
		return told(arg, &fault), 1;
	for (const struct doc_node *node = root ? root->first : NULL; node; node = node->next) {
		fault = (struct err)ERR_INIT;
		if (read_setting(t, doc, node, dir, base, &fault) < 0) {
			told(arg, &fault);
			n++;
		}
	}
	fault = (struct err)ERR_INIT;
	/* A fallback may be derived from a value that is wrong. */
	if (n == 0 && fill_rest(t, doc, base, &fault) < 0)
		return told(arg, &fault), 1;
	return n;
}

static void unset(const struct setting *k, void *member)
{
	if (k->type == SETTING_COUNT || k->type == SETTING_SIZE || k->type == SETTING_DURATION) {
		*(int64_t *)member = 0;
		return;
	}
	assert(k->type == SETTING_TEXT || k->type == SETTING_PATH);
	free(*(char **)member);
	*(char **)member = NULL;
}

char *settings_text(const struct setting *k, const void *base)
{
	const char *member = (const char *)base + k->offset;
	const char *text;
	unsigned int choice;
	int64_t number;

	if (k->type == SETTING_COUNT || k->type == SETTING_SIZE || k->type == SETTING_DURATION) {
		memcpy(&number, member, sizeof(number));
		return fs_path("%lld", (long long)number);
	}
	if (k->type == SETTING_CHOICE) {
		memcpy(&choice, member, sizeof(choice));
		return fs_path("%s", k->choices[choice]);
	}
	if (k->type == SETTING_USER || k->type == SETTING_GROUP)
		return value_id_name(k, base);
	assert(k->type == SETTING_TEXT || k->type == SETTING_PATH);
	memcpy(&text, member, sizeof(text));
	return text ? fs_path("%s", text) : NULL;
}

int settings_set(const struct settings *t, void *base, const char *name, const char *text,
		 struct err *e)
{
	const struct setting *k = find_setting(t, name, strlen(name));
	char allowed[VALUE_ALLOWED];

	if (!k)
		return unknown_setting(t, name, e);
	if (*text)
		return value_set(k, base, text, NULL, e);
	if (k->required)
		return err_set(e, ERR_USAGE, "%s cannot be empty; %s is needed", name,
			       value_allowed(k, allowed));
	if (k->fallback)
		return set_fallback(t, k, base, e);
	unset(k, (char *)base + k->offset);
	return 0;
}
