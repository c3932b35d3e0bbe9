/* pushopt: DIAGNOSTICS: ERR_PUSHER. */
#include "hooks/pushopt.h"

#include "conf/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_priority(const char *text, int *out, struct err *e)
{
	bool minus = text[0] == '-';
	const char *digit = text + minus;
	char shown[CHECK_SHOWN];

	if (digit[0] < '0' || digit[0] > '0' + PUSHOPT_PRIORITY_MAX || digit[1])
		return err_set(e, ERR_PUSHER,
			       "push option priority=%s: a number from -%d to %d is allowed",
			       check_show(text, shown), PUSHOPT_PRIORITY_MAX, PUSHOPT_PRIORITY_MAX);
	*out = minus ? '0' - digit[0] : digit[0] - '0';
	return 0;
}

static int parse_one(const char *text, struct pushopt *o, struct err *e)
{
	char shown[CHECK_SHOWN];

	if (strcmp(text, "wait") == 0)
		o->wait = true;
	else if (strcmp(text, "skip") == 0)
		o->skip = true;
	else if (strcmp(text, "rebuild") == 0)
		o->rebuild = true;
	else if (strcmp(text, "clean") == 0)
		o->clean = true;
	else if (strncmp(text, "priority=", 9) == 0)
		return parse_priority(text + 9, &o->priority, e);
	else if (strncmp(text, "image=", 6) != 0)
		return err_set(e, ERR_PUSHER,
			       "unknown push option %s; known: wait, skip, rebuild, clean, "
			       "image=UUID, priority=N",
			       check_show(text, shown));
	else if (!uuid_canonical(text + 6, o->image))
		return err_set(e, ERR_PUSHER, "push option image=%s: an image's UUID is allowed",
			       check_show(text + 6, shown));
	else if (strcmp(text + 6, o->image) != 0)
		return err_set(e, ERR_PUSHER,
			       "push option image=%s has capital letters: Nova and Glance write "
			       "image ids in lower case; use image=%s",
			       check_show(text + 6, shown), o->image);
	return 0;
}

int pushopt_parse(const char *const *texts, size_t n, struct pushopt *out, struct err *e)
{
	struct pushopt o = {.priority = 0};

	if (n > PUSHOPT_MAX)
		return err_set(e, ERR_PUSHER,
			       "%zu push options are too many; at most %d are allowed", n,
			       PUSHOPT_MAX);
	for (size_t i = 0; i < n; i++)
		if (parse_one(texts[i], &o, e) < 0)
			return -1;
	if (o.skip && (o.wait || o.rebuild || o.clean || o.priority || *o.image))
		return err_set(e, ERR_PUSHER,
			       "push option skip cannot be combined with other options");
	*out = o;
	return 0;
}

int pushopt_read(struct pushopt *out, struct err *e)
{
	const char *count = getenv("GIT_PUSH_OPTION_COUNT"), *texts[PUSHOPT_MAX];
	size_t n = count ? strtoul(count, NULL, 10) : 0;

	for (size_t i = 0; i < n && i < PUSHOPT_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "GIT_PUSH_OPTION_%zu", i);
		texts[i] = getenv(name);
		if (!texts[i])
			return err_set(e, ERR_PUSHER,
				       "%s is not set, but GIT_PUSH_OPTION_COUNT is %zu", name, n);
	}
	return pushopt_parse(texts, n, out, e);
}

bool pushopt_skips(const struct pushopt *o, const char *uuid)
{
	return o->skip || (*o->image && strcmp(o->image, uuid) != 0);
}
