/* keyline: DIAGNOSTICS: ERR_USAGE; keyring.c adds file, line and column. */
#include "conf/keyline.h"

#include "conf/check.h"
#include "conf/sshkey.h"
#include "lib/uuid.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t"
#define REPO_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/*"
#define ID_LETTERS "0123456789abcdef-*"
enum { PATTERN_MAX = 200 };

static const char *const rights[] = {
	[KEY_READ] = "read", [KEY_WRITE] = "write", [KEY_CREATE] = "create", [KEY_ADMIN] = "admin",
};

const char *key_right_name(enum key_right right)
{
	return rights[right];
}

int key_check_name(const char *name, struct err *e)
{
	return check_component(name, e) < 0 ? err_wrap(e, "name") : 0;
}

/* One word of a list of patterns, REPOSITORY or REPOSITORY:REF, with lengths. */
struct pattern {
	const char *repo, *ref; /* ref NULL: all refs */
	size_t repo_len, ref_len;
};

/* Takes the word at *list and moves *list behind it. Returns false at the end. */
static bool next_pattern(const char **list, struct pattern *out)
{
	const char *word = *list + strspn(*list, BLANKS);
	size_t len = strcspn(word, BLANKS), colon = strcspn(word, BLANKS ":");

	*list = word + len;
	*out = (struct pattern){.repo = word, .repo_len = colon};
	if (colon < len) {
		out->ref = word + colon + 1;
		out->ref_len = len - colon - 1;
	}
	return len > 0;
}

/* The parser has refused patterns longer than PATTERN_MAX. */
static bool matches(const char *pattern, size_t len, const char *text)
{
	char copy[PATTERN_MAX + 1];

	if (len > PATTERN_MAX)
		return false;
	memcpy(copy, pattern, len);
	copy[len] = '\0';
	return fnmatch(copy, text, FNM_NOESCAPE) == 0;
}

bool keyline_matches(const char *patterns, const char *repository, const char *ref)
{
	struct pattern p;

	while (patterns && next_pattern(&patterns, &p))
		if (matches(p.repo, p.repo_len, repository) &&
		    (!ref || !p.ref || matches(p.ref, p.ref_len, ref)))
			return true;
	return false;
}

static int check_repo_pattern(const char *text, struct err *e)
{
	char shown[CHECK_SHOWN];
	size_t len = strlen(text);

	if (!strchr(text, '*'))
		return check_repo(text, e);
	if (len > PATTERN_MAX || strspn(text, REPO_LETTERS) != len)
		return err_set(e, ERR_USAGE,
			       "%s: a repository's name with * in it for any characters is "
			       "allowed, at most %d bytes",
			       check_show(text, shown), PATTERN_MAX);
	return 0;
}

static int check_ref_pattern(const char *text, struct err *e)
{
	char shown[CHECK_SHOWN];

	if (strncmp(text, "refs/", 5) != 0 || strlen(text) > PATTERN_MAX ||
	    strpbrk(text, "~^:?[\\") || !check_clean(text, CHECK_LINE))
		return err_set(e, ERR_USAGE,
			       "%s: a whole ref as refs/heads/main, or with * in it for any "
			       "characters as refs/heads/feature/*, is allowed, at most %d bytes",
			       check_show(text, shown), PATTERN_MAX);
	return 0;
}

static int check_pattern(enum key_right right, const struct pattern *p, struct err *e)
{
	char repo[KEYRING_LINE_MAX + 1], ref[KEYRING_LINE_MAX + 1];

	snprintf(repo, sizeof(repo), "%.*s", (int)p->repo_len, p->repo);
	snprintf(ref, sizeof(ref), "%.*s", (int)p->ref_len, p->ref ? p->ref : "");
	if (check_repo_pattern(repo, e) < 0)
		return -1;
	if (p->ref && right != KEY_WRITE)
		return err_set(e, ERR_USAGE,
			       "%s takes whole repositories; only write can be limited to refs",
			       rights[right]);
	return p->ref ? check_ref_pattern(ref, e) : 0;
}

static int check_patterns(enum key_right right, const char *list, const char **bad, struct err *e)
{
	struct pattern p;
	bool some = false;

	while (next_pattern(&list, &p)) {
		some = true;
		if (check_pattern(right, &p, e) < 0) {
			*bad = p.repo;
			return -1;
		}
	}
	return some ? 0
		    : err_set(e, ERR_USAGE,
			      "%s is empty; a repository or a pattern as team/* is needed",
			      rights[right]);
}

int keyline_check(const char *patterns, struct err *e)
{
	const char *bad;

	return check_patterns(KEY_WRITE, patterns, &bad, e);
}

static int check_ids(const char *list, const char **bad, struct err *e)
{
	char shown[CHECK_SHOWN], word[UUID_LEN + 2];
	struct pattern p;
	bool some = false;

	while (next_pattern(&list, &p)) {
		some = true;
		snprintf(word, sizeof(word), "%.*s", (int)p.repo_len, p.repo);
		if (!p.ref &&
		    (strchr(word, '*') ? strlen(word) <= UUID_LEN && !word[strspn(word, ID_LETTERS)]
				       : uuid_valid(word)))
			continue;
		*bad = p.repo;
		return err_set(e, ERR_USAGE,
			       "%s: an image's UUID in lower case, or with * in it for any "
			       "characters as 2b7e1516-*, is allowed",
			       check_show(word, shown));
	}
	return some ? 0
		    : err_set(e, ERR_USAGE,
			      "ids is empty; an image's UUID or a pattern as 2b7e1516-* is needed");
}

/* The line being parsed. */
struct reading {
	char *at;
	const char *bad; /* position of an error */
	struct key_entry k;
};

/* Takes the quoted value at r->at. Unescapes \" in place. */
static int read_quoted(struct reading *r, const char *option, char **out, struct err *e)
{
	char *to = r->at + 1;

	if (*r->at != '"') {
		r->bad = r->at;
		return err_set(e, ERR_USAGE, "a value in double quotes is needed, as %s=\"…\"",
			       option);
	}
	*out = to;
	for (r->at = to; *r->at && *r->at != '"'; r->at++) {
		if (r->at[0] == '\\' && r->at[1] == '"')
			r->at++;
		*to++ = *r->at;
	}
	if (!*r->at) {
		r->bad = *out - 1;
		return err_set(e, ERR_USAGE, "a double quote is not closed");
	}
	r->at++;
	*to = '\0';
	return 0;
}

static const char **member_of(struct key_entry *k, const char *option, size_t len, int *right)
{
	*right = -1;
	if (len == 4 && memcmp(option, "name", len) == 0)
		return &k->name;
	if (len == 3 && memcmp(option, "ids", len) == 0)
		return &k->ids;
	for (int i = 0; i < KEY_RIGHTS; i++)
		if (strlen(rights[i]) == len && memcmp(rights[i], option, len) == 0) {
			*right = i;
			return &k->patterns[i];
		}
	return NULL;
}

static int check_value(bool is_ids, int right, const char *value, const char **bad, struct err *e)
{
	if (is_ids)
		return check_ids(value, bad, e);
	return right < 0 ? key_check_name(value, e)
			 : check_patterns((enum key_right)right, value, bad, e);
}

static int read_option(struct reading *r, struct err *e)
{
	char word[32], shown[CHECK_SHOWN];
	size_t len = strcspn(r->at, BLANKS ",=\"");
	const char **member;
	char *value = NULL;
	int right;

	r->bad = r->at;
	snprintf(word, sizeof(word), "%.*s", (int)len, r->at);
	member = member_of(&r->k, r->at, len, &right);
	if (!member)
		return err_set(e, ERR_USAGE,
			       "unknown option %s; allowed: name, read, write, create, admin, ids",
			       check_show(word, shown));
	if (*member)
		return err_set(e, ERR_USAGE, "the option %s is given twice", word);
	r->at += len + (r->at[len] == '=');
	if (read_quoted(r, word, &value, e) < 0)
		return -1;
	r->bad = value;
	if (check_value(member == &r->k.ids, right, value, &r->bad, e) < 0)
		return -1;
	*member = value;
	return 0;
}

static int read_options(struct reading *r, struct err *e)
{
	for (;;) {
		if (read_option(r, e) < 0)
			return -1;
		if (*r->at != ',')
			break;
		r->at++;
	}
	r->bad = r->at;
	if (*r->at && !strchr(BLANKS, *r->at))
		return err_set(e, ERR_USAGE,
			       "a comma before the next option is needed, or a blank before the "
			       "key");
	return 0;
}

/* Takes the word at r->at and terminates it; "" at the end. */
static const char *cut_word(struct reading *r)
{
	char *word = r->at + strspn(r->at, BLANKS);
	size_t len = strcspn(word, BLANKS);

	r->at = word + len;
	if (*r->at)
		*r->at++ = '\0';
	return word;
}

static int read_key(struct reading *r, struct err *e)
{
	struct sshkey key;
	const char *type = cut_word(r), *blob = cut_word(r);
	size_t len;

	r->bad = type;
	if (!*type || !*blob)
		return err_set(e, ERR_USAGE,
			       "the key is missing: a kind and base64 are needed, as in a .pub "
			       "file of ssh-keygen");
	if (sshkey_parse(type, blob, &key, e) < 0)
		return -1;
	r->at += strspn(r->at, BLANKS);
	for (len = strlen(r->at); len > 0 && strchr(BLANKS, r->at[len - 1]); len--)
		r->at[len - 1] = '\0';
	r->k.type = type;
	r->k.blob = blob;
	r->k.comment = r->at;
	return 0;
}

static int read_line(struct reading *r, struct err *e)
{
	size_t first = strcspn(r->at, BLANKS "=\"");

	r->bad = r->at;
	if (strlen(r->at) > KEYRING_LINE_MAX)
		return err_set(e, ERR_USAGE, "a line of more than %d bytes", KEYRING_LINE_MAX);
	if (!check_clean(r->at, CHECK_LINES))
		return err_set(e, ERR_USAGE,
			       "a control character or invalid UTF-8; only printable text is "
			       "allowed");
	if (strchr(BLANKS, r->at[first]) && sshkey_is_type(r->at))
		return err_set(e, ERR_USAGE,
			       "the key has no name; begin the line with name=\"…\" and what it "
			       "may do, as read=\"team/*\"");
	if (read_options(r, e) < 0)
		return -1;
	r->bad = r->at;
	if (!r->k.name)
		return err_set(e, ERR_USAGE, "the option name is missing; name=\"…\" is needed");
	return read_key(r, e);
}

static int column_of(const char *line, const char *at)
{
	int column = 1;

	for (; line < at; line++)
		column += ((unsigned char)*line & 0xc0) != 0x80;
	return column;
}

int keyline_parse(char *line, struct key_entry *out, int *column, struct err *e)
{
	struct reading r = {.at = line + strspn(line, BLANKS), .k = {.comment = ""}};

	if (!*r.at || *r.at == '#')
		return 0;
	if (read_line(&r, e) < 0) {
		*column = column_of(line, r.bad);
		*out = (struct key_entry){.name = r.k.name, .comment = ""};
		return -1;
	}
	*out = r.k;
	return 1;
}
