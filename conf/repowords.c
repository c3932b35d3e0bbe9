/* repowords: pure. DIAGNOSTICS: ERR_USAGE; the reader of a file adds that file's class and
 * place. */
#include "conf/repowords.h"

#include "conf/check.h"
#include "lib/own.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
static const char target_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"
				   "./+@-";

static int refuse(const char *text, const char *allowed, struct err *e)
{
	char shown[CHECK_SHOWN];

	return err_set(e, ERR_USAGE, "%s: %s", check_show(text, shown), allowed);
}

static bool is_printable(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			return false;
	return strlen(text) <= REPOWORDS_VALUE_MAX;
}

int repowords_check_text(const char *text, struct err *e)
{
	if (!*text || !is_printable(text))
		return refuse(text, "1 to 512 printable ASCII characters are allowed", e);
	return 0;
}

int repowords_check_cmdline(const char *text, struct err *e)
{
	if (!*text || !is_printable(text) || check_cmdline(text, e) < 0)
		return refuse(text,
			      "1 to 512 printable ASCII characters, without quotation marks and "
			      "backslashes, are allowed",
			      e);
	return 0;
}

int repowords_check_subdir(const char *text, struct err *e)
{
	size_t depth = 1;

	if (check_relative(text, e) < 0)
		return -1;
	for (const char *at = text; *at; at++)
		depth += *at == '/';
	if (!is_printable(text) || depth > REPOWORDS_DEPTH_MAX)
		return refuse(text,
			      "a path of at most 512 printable ASCII characters and 16 components "
			      "is allowed",
			      e);
	return 0;
}

int repowords_check_artifact(const char *text, struct err *e)
{
	if (repowords_check_subdir(text, e) < 0)
		return -1;
	if (strpbrk(text, "[\\") || strstr(text, "**"))
		return refuse(text, "patterns know only * and ?, within a component", e);
	return 0;
}

/* No `=`: it would set a variable of make. No leading `-`: it would be an option. */
int repowords_check_target(const char *text, struct err *e)
{
	size_t len = strlen(text);

	if (len == 0 || len > 128 || text[0] == '-' || strspn(text, target_chars) != len)
		return refuse(text,
			      "a word of A-Z, a-z, 0-9, _, ., /, +, @ and - is allowed, at most "
			      "128 long, not beginning with -",
			      e);
	return 0;
}

/* Variables that hornero sets, or that make programs of the node load or run other files. An
 * operator who allows a variable means what it says to the compiler. */
static bool is_reserved(const char *name, size_t len)
{
	static const char *const prefixes[] = {"LD_", "HORNERO_", "GIT_", "BASH_", "GLIBC_"};
	static const char *const names[] = {
		"PATH", "HOME", "TMPDIR", "SHELL", "IFS", "ENV", "CDPATH", "SHELLOPTS", "BASHOPTS",
		"PS4", "SOURCE_DATE_EPOCH", "GCONV_PATH", "LOCPATH", "PYTHONPATH", "PYTHONHOME",
		"PYTHONSTARTUP", "PERLLIB", "PERL5LIB", "PERL5OPT", "RUBYLIB", "RUBYOPT",
		"NODE_OPTIONS", "NODE_PATH", "MAKEFILES", "GCC_EXEC_PREFIX", "COMPILER_PATH",
		"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && memcmp(name, names[i], len) == 0)
			return true;
	return false;
}

static int check_variable(const char *text, size_t len, struct err *e)
{
	own_free char *name = strndup(text, len);

	if (!name)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (len == 0 || strspn(name, name_chars) != len || !strchr(letters, name[0]))
		return refuse(name,
			      "a variable's name of A-Z, a-z, 0-9 and _ is allowed, not beginning "
			      "with a digit",
			      e);
	return is_reserved(name, len) ? refuse(name,
					       "no builder may allow this variable, because it "
					       "decides which files programs run",
					       e)
				      : 0;
}

int repowords_check_env(const char *pair, struct err *e)
{
	size_t len = strcspn(pair, "=");

	if (check_variable(pair, len, e) < 0)
		return -1;
	if (pair[len] != '=' || !is_printable(pair))
		return refuse(pair, "at most 512 printable ASCII characters are allowed", e);
	return 0;
}

int repowords_check_bus(const char *text, struct err *e)
{
	if (strcmp(text, "virtio") != 0 && strcmp(text, "ide") != 0 && strcmp(text, "scsi") != 0)
		return refuse(text, "virtio, ide or scsi is allowed", e);
	return 0;
}

static const struct kind {
	const char *setting;
	int (*check)(const char *text, struct err *e);
	size_t max; /* how many values */
} kinds[] = {
	{"artifact", repowords_check_artifact, 1},
	{"arguments", repowords_check_text, REPOWORDS_LIST_MAX},
	{"target", repowords_check_target, 1},
	{"cmdline", repowords_check_cmdline, 1},
	{"env", repowords_check_env, REPOWORDS_LIST_MAX},
	{"subdir", repowords_check_subdir, 1},
	{"boot_bus", repowords_check_bus, 1},
	{"also", repowords_check_subdir, REPOWORDS_LIST_MAX},
};

static const struct kind *kind_of(const char *setting, size_t len)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].setting) == len && memcmp(kinds[i].setting, setting, len) == 0)
			return &kinds[i];
	return NULL;
}

/* Returns the next blank-separated word of *at, and its length; NULL after the last one. */
static const char *next_word(const char **at, size_t *len)
{
	const char *word = *at + strspn(*at, " ");

	*len = strcspn(word, " ");
	*at = word + *len;
	return *len > 0 ? word : NULL;
}

int repowords_check_allow(const char *text, struct err *e)
{
	static const char allowed[] = "artifact, arguments, target, cmdline, subdir, boot_bus, "
				      "also or \"env NAME...\" is allowed";
	const char *at = text;
	size_t len, n = 0;
	const char *word = next_word(&at, &len);

	if (!word || !kind_of(word, len))
		return refuse(text, allowed, e);
	if (strncmp(word, "env", len) != 0)
		return next_word(&at, &len) ? refuse(text, allowed, e) : 0;
	while ((word = next_word(&at, &len))) {
		n++;
		if (check_variable(word, len, e) < 0)
			return -1;
	}
	return n > 0 ? 0 : refuse(text, allowed, e);
}

int repowords_add(struct repowords *w, const char *setting, const char *value, struct err *e)
{
	const struct kind *k = kind_of(setting, strlen(setting));
	size_t need = strlen(setting) + 1 + strlen(value) + 1, n = 0;

	if (!k)
		return refuse(setting, "it is no setting of a repository", e);
	if (k->check(value, e) < 0)
		return err_wrap(e, "%s", setting);
	for (const char *v = repowords_next(w, setting, NULL); v;
	     v = repowords_next(w, setting, v))
		n++;
	if (n >= k->max)
		return err_set(e, ERR_USAGE, "%s has more than %zu values", setting, k->max);
	if (need > sizeof(w->text) - w->len)
		return err_set(e, ERR_USAGE, "%s: the settings have more than %d bytes together",
			       setting, REPOWORDS_MAX);
	w->len += (size_t)snprintf(w->text + w->len, need, "%s %s", setting, value) + 1;
	return 0;
}

int repowords_take(struct repowords *w, const char *line, struct err *e)
{
	size_t len = strcspn(line, " ");
	const struct kind *k = kind_of(line, len);

	if (!k || line[len] != ' ')
		return 0;
	return repowords_add(w, k->setting, line + len + 1, e) < 0 ? -1 : 1;
}

const char *repowords_line(const struct repowords *w, const char *line)
{
	line = line ? line + strlen(line) + 1 : w->text;
	return line < w->text + w->len ? line : NULL;
}

const char *repowords_next(const struct repowords *w, const char *setting, const char *value)
{
	size_t len = strlen(setting);
	const char *line = value ? value - len - 1 : NULL;

	while ((line = repowords_line(w, line)))
		if (strncmp(line, setting, len) == 0 && line[len] == ' ')
			return line + len + 1;
	return NULL;
}

const char *repowords_get(const struct repowords *w, const char *setting)
{
	const char *value = repowords_next(w, setting, NULL);

	return value ? value : "";
}

static bool names(const char *entry, const char *setting, const char *name)
{
	const char *at = entry;
	size_t len;
	const char *word = next_word(&at, &len);
	bool is_env = strcmp(setting, "env") == 0;

	if (!word || strlen(setting) != len || memcmp(word, setting, len) != 0)
		return false;
	while (is_env && (word = next_word(&at, &len)))
		if (strlen(name) == len && memcmp(word, name, len) == 0)
			return true;
	return !is_env;
}

bool repowords_may(char *const *allow, const char *setting, const char *name)
{
	if (!kind_of(setting, strlen(setting)))
		return true;
	for (; allow && *allow; allow++)
		if (names(*allow, setting, name))
			return true;
	return false;
}

const char *repowords_refused(const struct repowords *w, char *const *allow)
{
	const char *line = NULL;

	while ((line = repowords_line(w, line))) {
		const char *value = line + strcspn(line, " ") + 1;
		own_free char *setting = strndup(line, (size_t)(value - line - 1));
		own_free char *name = strndup(value, strcspn(value, "="));

		if (!setting || !name || !repowords_may(allow, setting, name))
			return line;
	}
	return NULL;
}
