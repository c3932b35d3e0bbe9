/* value: DIAGNOSTICS: ERR_USAGE for a text that is not allowed; the reader of a file adds that
 * file's class and place. ERR_NOBODY if memory runs out. */
#include "conf/value.h"

#include "conf/check.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

struct suffix {
	char letter;
	int64_t times;
};
static const struct suffix size_suffixes[] = {{'G', 1 << 30},
					      {'M', 1 << 20},
					      {'K', 1 << 10},
					      {0, 1}};
static const struct suffix duration_suffixes[] = {{'d', 86400},
						  {'h', 3600},
						  {'m', 60},
						  {'s', 1},
						  {0, 1}};

static const struct suffix *suffixes_of(const struct setting *k)
{
	return k->type == SETTING_SIZE	 ? size_suffixes
	       : k->type == SETTING_DURATION ? &duration_suffixes[1]
					 : &size_suffixes[3];
}

/* Returns the shortest spelling: 64M, not 67108864. */
static const char *number_text(const struct setting *k, int64_t number, char buf[32])
{
	const struct suffix *s = suffixes_of(k);

	while (s->letter && (number == 0 || number % s->times != 0))
		s++;
	snprintf(buf, 32, "%lld%.1s", (long long)(number / s->times), &s->letter);
	return buf;
}

static void allowed_choices(const struct setting *k, char buf[VALUE_ALLOWED])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; k->choices[i] && used < VALUE_ALLOWED; i++)
		used += (size_t)snprintf(buf + used, VALUE_ALLOWED - used, "%s%s",
					 i == 0		     ? ""
					 : k->choices[i + 1] ? ", "
							     : " or ",
					 k->choices[i]);
}

const char *value_allowed(const struct setting *k, char buf[VALUE_ALLOWED])
{
	static const char *const words[] = {
		[SETTING_TEXT] = "a text",
		[SETTING_PATH] = "a path",
		[SETTING_COUNT] = "a number",
		[SETTING_SIZE] = "a size",
		[SETTING_DURATION] = "a time",
		[SETTING_USER] = "a user's name or number",
		[SETTING_GROUP] = "a group's name or number",
		[SETTING_LIST] = "a list",
		[SETTING_LISTS] = "a list of lists",
		[SETTING_MAP] = "a mapping",
	};
	static const char *const spelled[] = {
		[SETTING_COUNT] = "",
		[SETTING_SIZE] = ", in bytes or with K, M or G",
		[SETTING_DURATION] = ", in seconds or with s, m or h",
	};
	char min[32], max[32];

	if (k->allowed) {
		snprintf(buf, VALUE_ALLOWED, "%s", k->allowed);
	} else if (k->type == SETTING_CHOICE) {
		allowed_choices(k, buf);
	} else if (k->type == SETTING_COUNT || k->type == SETTING_SIZE ||
		   k->type == SETTING_DURATION) {
		snprintf(buf, VALUE_ALLOWED, "%s%s%s from %s to %s%s%s%s%s",
			 k->zero ? k->zero : "", k->zero ? ", or " : "", words[k->type],
			 number_text(k, k->min, min), number_text(k, k->max, max), spelled[k->type],
			 k->unit ? " (" : "", k->unit ? k->unit : "", k->unit ? ")" : "");
	} else if (k->max > 0 && (k->type == SETTING_TEXT || k->type == SETTING_PATH)) {
		snprintf(buf, VALUE_ALLOWED, "%s of at most %lld bytes", words[k->type],
			 (long long)k->max);
	} else {
		snprintf(buf, VALUE_ALLOWED, "%s", words[k->type]);
	}
	return buf;
}

bool value_is_list(const struct setting *k)
{
	return k->type == SETTING_LIST || k->type == SETTING_LISTS || k->type == SETTING_MAP;
}

static int refuse(const struct setting *k, const char *text, struct err *e)
{
	char shown[CHECK_SHOWN], allowed[VALUE_ALLOWED];

	return err_set(e, ERR_USAGE, "%s is %s; %s is allowed", k->name, check_show(text, shown),
		       value_allowed(k, allowed));
}

/* Accepts plain decimal digits: no sign, no blanks, no leading zero that could mean octal. */
static bool parse_digits(const char *text, size_t len, int64_t *out)
{
	int64_t number = 0;

	if (len == 0 || len > 18 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (text[i] - '0');
	}
	*out = number;
	return true;
}

static bool parse_number(const struct suffix *s, const char *text, int64_t *out)
{
	size_t len = strlen(text);

	while (s->letter && (len == 0 || text[len - 1] != s->letter))
		s++;
	return parse_digits(text, s->letter ? len - 1 : len, out) &&
	       !__builtin_mul_overflow(*out, s->times, out);
}

bool value_duration(const char *text, int64_t *seconds)
{
	return parse_number(duration_suffixes, text, seconds);
}

static int set_number(const struct setting *k, int64_t *member, const char *text, struct err *e)
{
	int64_t number;

	if (k->zero && strcmp(text, k->zero) == 0) {
		*member = 0;
		return 0;
	}
	if (!parse_number(suffixes_of(k), text, &number) || number < k->min || number > k->max)
		return refuse(k, text, e);
	*member = number;
	return 0;
}

static int set_choice(const struct setting *k, void *member, const char *text, struct err *e)
{
	for (unsigned int i = 0; k->choices[i]; i++) {
		if (strcmp(k->choices[i], text) == 0) {
			/* an enum without negative members is an unsigned int */
			memcpy(member, &i, sizeof(i));
			return 0;
		}
	}
	return refuse(k, text, e);
}

static int take_ids(const struct setting *k, void *base, int64_t id, int64_t group,
		    const char *text,
		    struct err *e)
{
	uid_t number = (uid_t)id;
	gid_t also = (gid_t)group;

	if (id < k->min || id >= (int64_t)(uid_t)-1)
		return err_set(e, ERR_USAGE, "%s is %s, number %lld; a number from %lld is allowed",
			       k->name, text, (long long)id, (long long)k->min);
	memcpy((char *)base + k->offset, &number, sizeof(number));
	if (k->also)
		memcpy((char *)base + k->also, &also, sizeof(also));
	return 0;
}

/* The errors of getpwnam_r and getgrnam_r (see their manual) when the lookup failed, as opposed to
 * "no such name". */
static bool lookup_failed(int number)
{
	return number == EINTR || number == EIO || number == EMFILE || number == ENFILE ||
	       number == ENOMEM || number == ERANGE || number == EAGAIN;
}

static int no_such(const struct setting *k, const char *kind, const char *text, int number,
		   struct err *e)
{
	char shown[CHECK_SHOWN];

	if (lookup_failed(number))
		return err_set(e, ERR_NOBODY, "%s: cannot look up the %s %s: %s", k->name, kind,
			       check_show(text, shown), strerror(number));
	return err_set(e, ERR_USAGE,
		       "%s: there is no %s %s on this node; create it, or give another name or a "
		       "number",
		       k->name, kind, check_show(text, shown));
}

static int set_user(const struct setting *k, void *base, const char *text, struct err *e)
{
	struct passwd pw, *found = NULL;
	char buf[4096];
	int64_t number;
	int bad;

	if (parse_digits(text, strlen(text), &number))
		return take_ids(k, base, number, number, text, e);
	if (!*text)
		return refuse(k, text, e);
	bad = getpwnam_r(text, &pw, buf, sizeof(buf), &found);
	if (!found)
		return no_such(k, "user", text, bad, e);
	return take_ids(k, base, found->pw_uid, found->pw_gid, text, e);
}

static int set_group(const struct setting *k, void *base, const char *text, struct err *e)
{
	own_free char *buf = malloc(1 << 20); /* a group may have thousands of members */
	struct group gr, *found = NULL;
	int64_t number;
	int bad;

	if (parse_digits(text, strlen(text), &number))
		return take_ids(k, base, number, 0, text, e);
	if (!*text || !buf)
		return refuse(k, text, e);
	bad = getgrnam_r(text, &gr, buf, 1 << 20, &found);
	if (!found)
		return no_such(k, "group", text, bad, e);
	return take_ids(k, base, found->gr_gid, 0, text, e);
}

char *value_id_name(const struct setting *k, const void *base)
{
	const struct passwd *pw;
	const struct group *gr;
	uid_t id;

	memcpy(&id, (const char *)base + k->offset, sizeof(id));
	if (id == (uid_t)-1)
		return NULL;
	pw = k->type == SETTING_USER ? getpwuid(id) : NULL;
	gr = k->type == SETTING_GROUP ? getgrgid(id) : NULL;
	if (pw || gr)
		return fs_path("%s", pw ? pw->pw_name : gr->gr_name);
	return fs_path("%u", id);
}

int value_check(const struct setting *k, const char *text, struct err *e)
{
	/* argv and env may contain whole scripts; all other texts are one line. */
	enum check_keep keep = value_is_list(k) && !k->check ? CHECK_LINES : CHECK_LINE;

	if (!check_clean(text, keep) || (k->max > 0 && strlen(text) > (size_t)k->max))
		return refuse(k, text, e);
	if (k->check && k->check(text, e) < 0)
		return err_wrap(e, "%s", k->name);
	return 0;
}

static int set_text(const struct setting *k, char **member, const char *text, const char *dir,
		    struct err *e)
{
	own_free char *fresh = NULL;
	bool relative = k->type == SETTING_PATH && text[0] != '/' && dir;

	if (k->type == SETTING_PATH && !*text)
		return refuse(k, text, e);
	if (relative && strncmp(text, "./", 2) == 0)
		text += 2;
	fresh = relative ? fs_path("%s/%s", strcmp(dir, "/") == 0 ? "" : dir, text)
			 : fs_path("%s", text);
	if (k->type == SETTING_PATH)
		while (strlen(fresh) > 1 && fresh[strlen(fresh) - 1] == '/')
			fresh[strlen(fresh) - 1] = '\0';
	if (value_check(k, fresh, e) < 0)
		return -1;
	free(*member);
	*member = steal_ptr(&fresh);
	return 0;
}

int value_set(const struct setting *k, void *base, const char *text, const char *dir, struct err *e)
{
	void *member = (char *)base + k->offset;

	switch (k->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
		return set_text(k, member, text, dir, e);
	case SETTING_COUNT:
	case SETTING_SIZE:
	case SETTING_DURATION:
		return set_number(k, member, text, e);
	case SETTING_CHOICE:
		return set_choice(k, member, text, e);
	case SETTING_USER:
		return set_user(k, base, text, e);
	case SETTING_GROUP:
		return set_group(k, base, text, e);
	default:
		abort(); /* a list is not a scalar */
	}
}
