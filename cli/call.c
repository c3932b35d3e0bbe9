/* call: the options and arguments of a word. DIAGNOSTICS: ERR_USAGE. */
#include "cli/words.h"

#include "conf/value.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *call_option(const struct call *call, const char *name)
{
	const struct word_option *o = call->word->options;

	for (int i = 0; o && o[i].name; i++)
		if (strcmp(o[i].name, name) == 0)
			return call->values[i];
	abort(); /* the word's table lacks this option */
}

int cli_job_number(const char *text, int64_t *id, struct err *e)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || n < 1)
		return err_set(e, ERR_USAGE,
			       "\"%s\" is not a job number; `hornero queue --all` lists "
			       "them", text);
	*id = n;
	return 0;
}

/* Nova names the cached file by a digest of the id as Glance writes it: in lower case. */
static int check_case(const char *uuid, const char *text, struct err *e)
{
	if (strcmp(uuid, text) == 0)
		return 0;
	return err_set(e, ERR_USAGE,
		       "\"%s\" has capital letters: Nova and Glance write image ids in "
		       "lower case; use %s", text, uuid);
}

int cli_uuid(const char *text, char uuid[UUID_LEN + 1], struct err *e)
{
	if (!uuid_canonical(text, uuid))
		return err_set(e, ERR_USAGE, "\"%s\" is not an image UUID: 36 characters, as "
					     "2b7e1516-28ae-4d2a-abf7-158809cf4f3c; `openstack "
					     "image list` shows Glance's", text);
	return check_case(uuid, text, e);
}

int cli_job_or_image(const char *text, int64_t *id, char uuid[UUID_LEN + 1], struct err *e)
{
	if (uuid_canonical(text, uuid))
		return check_case(uuid, text, e) < 0 ? -1 : 1;
	if (cli_job_number(text, id, e) < 0)
		return err_set(e, ERR_USAGE,
			       "\"%s\" is neither a job number (`hornero queue --all`) "
			       "nor an image UUID (`hornero image list`)", text);
	return 0;
}

enum { DAY_S = 24 * 3600, MOST_DAYS = 3660 };

/* As values of hornero.yaml, and days. */
int cli_period(const struct call *call, const char *option, int64_t fallback_s, int64_t *s,
	       struct err *e)
{
	const char *text = call_option(call, option);
	size_t len = text ? strlen(text) : 0;
	own_free char *number = len > 0 && text[len - 1] == 'd'
					? fs_path("%.*s", (int)len - 1, text) : NULL;

	*s = fallback_s;
	if (!text)
		return 0;
	if (value_duration(number ? number : text, s)) {
		if (number && *s <= MOST_DAYS)
			*s *= DAY_S;
		else if (number)
			*s = 0;
		if (*s >= 1 && *s <= (int64_t)MOST_DAYS * DAY_S)
			return 0;
	}
	return err_set(e, ERR_USAGE,
		       "\"%s\" is not a time from 1s to %dd, in seconds or with s, m, h or d", text,
		       MOST_DAYS);
}

int cli_count(const struct call *call, const char *option, int64_t fallback, int64_t *n,
	      struct err *e)
{
	const char *text = call_option(call, option);

	*n = fallback;
	if (!text)
		return 0;
	if (cli_job_number(text, n, e) < 0 || *n > CLI_COUNT_MAX)
		return err_set(e, ERR_USAGE, "--%s \"%s\" is not a number from 1 to %d", option,
			       text, CLI_COUNT_MAX);
	return 0;
}
