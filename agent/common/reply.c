/* reply: DIAGNOSTICS: ERR_US with the line if no publisher gives such a reply. */
#include "agent/common/reply.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The values after the word, in this order; text is the rest of the line. */
static const struct form {
	const char *word;
	bool name;
	int numbers; /* how many of INO SIZE MS */
	bool kind, class, text;
} forms[] = {
	[REPLY_PROCESS] = {.word = "process", .numbers = 1},
	[REPLY_WAITING] = {.word = "waiting", .kind = true, .text = true},
	[REPLY_CHANGED] = {.word = "changed", .name = true},
	[REPLY_RELEASED] = {.word = "released", .name = true, .numbers = 2},
	[REPLY_UNRELEASED] = {.word = "unreleased", .name = true, .text = true},
	[REPLY_PUBLISHED] = {.word = "published", .name = true, .numbers = 3},
	[REPLY_ALONE] = {.word = "alone", .text = true},
	[REPLY_DEFERRED] = {.word = "deferred", .text = true},
	[REPLY_FOREIGN] = {.word = "foreign", .name = true, .text = true},
	[REPLY_ERROR] = {.word = "error", .class = true, .text = true},
	[REPLY_EVICTED] = {.word = "evicted", .numbers = 2},
	[REPLY_STAYS] = {.word = "stays", .numbers = 1, .text = true},
	[REPLY_DONE] = {.word = "done", .text = true},
};
enum { N_FORMS = sizeof(forms) / sizeof(forms[0]) };

/* Each consumes a blank and the value after it. Returns false if there is none. */
static bool take_name(const char **at, char name[SHA1_HEX + 1])
{
	const char *from = *at + 1;

	if (**at != ' ' || strspn(from, "0123456789abcdef") != SHA1_HEX)
		return false;
	memcpy(name, from, SHA1_HEX);
	*at = from + SHA1_HEX;
	return true;
}

static bool take_number(const char **at, uint64_t max, uint64_t *out)
{
	const char *from = *at + 1;
	uint64_t n = 0;

	if (**at != ' ' || *from < '0' || *from > '9')
		return false;
	for (; *from >= '0' && *from <= '9'; from++) {
		uint64_t digit = (uint64_t)(*from - '0');

		if (n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	*at = from;
	return true;
}

static bool take_numbers(const char **at, int how_many, struct reply *a)
{
	uint64_t size = 0, ms = 0;
	bool taken = (how_many < 1 || take_number(at, UINT64_MAX, &a->ino)) &&
		     (how_many < 2 || take_number(at, INT64_MAX, &size)) &&
		     (how_many < 3 || take_number(at, INT64_MAX, &ms));

	a->size_bytes = (int64_t)size;
	a->ms = (int64_t)ms;
	return taken;
}

static bool take_class(const char **at, enum err_class *out)
{
	char word[16];
	int len = 0;

	if (sscanf(*at, " %15[a-z]%n", word, &len) != 1)
		return false;
	*out = err_class_parse(word);
	*at += len;
	return **at == ' ';
}

/* An older publisher sends no kind: the whole rest is then the text. */
static enum waiting take_kind(const char **at)
{
	char word[16];
	int len = 0;
	enum waiting kind = sscanf(*at, " %15[a-z]%n", word, &len) == 1 ? waiting_parse(word)
									: WAITING_UNKNOWN;

	if (kind == WAITING_UNKNOWN || (*at)[len] != ' ')
		return WAITING_UNKNOWN;
	*at += len;
	return kind;
}

static bool take_form(const char *at, const struct form *f, struct reply *a)
{
	if ((f->name && !take_name(&at, a->name)) || !take_numbers(&at, f->numbers, a) ||
	    (f->class && !take_class(&at, &a->class)))
		return false;
	if (f->kind)
		a->kind = take_kind(&at);
	if (!f->text)
		return !*at;
	a->text = at + 1;
	return *at == ' ';
}

int reply_parse(const char *text, struct reply *out, struct err *e)
{
	size_t len = strcspn(text, " ");

	for (size_t i = 0; i < N_FORMS; i++) {
		struct reply a = {.word = (enum reply_word)i, .text = ""};

		if (strlen(forms[i].word) != len || strncmp(text, forms[i].word, len) != 0)
			continue;
		if (!take_form(text + len, &forms[i], &a))
			break;
		*out = a;
		return 0;
	}
	return err_set(e, ERR_US, "the publisher sent an unknown answer: \"%s\"", text);
}
