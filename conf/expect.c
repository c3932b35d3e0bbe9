/* expect: pure. DIAGNOSTICS: ERR_USAGE; the reader of a file adds that file's class and place. */
#include "conf/expect.h"

#include "conf/check.h"

#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

/* The piece that a following repetition would repeat. */
enum piece { NOTHING, PLAIN, HOLDING /* a group with a repetition inside */, REPEATED };

struct scan {
	const char *text, *at;
	enum piece last;
	size_t depth;
	bool holds[DEPTH_MAX + 1]; /* per open group: it contains a repetition */
};

/* Returns the end of the bracket expression at s, or NULL if it is not closed. */
static const char *skip_bracket(const char *s)
{
	s += s[1] == '^' ? 2 : 1;
	if (*s == ']')
		s++;
	while (*s && *s != ']') {
		char kind = s[1];
		char end[] = {kind, ']', '\0'};

		if (*s == '[' && kind && strchr(".=:", kind)) {
			s = strstr(s + 2, end);
			if (!s)
				return NULL;
			s++;
		}
		s++;
	}
	return *s ? s + 1 : NULL;
}

static const char empty[] = "an alternative is empty";

static const char *open_group(struct scan *s)
{
	if (s->depth == DEPTH_MAX)
		return "groups are nested too deeply";
	s->holds[++s->depth] = false;
	s->last = NOTHING;
	return NULL;
}

static const char *close_group(struct scan *s)
{
	bool held = s->holds[s->depth];

	if (s->depth == 0)
		return "a ) closes nothing; \\) means the character";
	if (s->last == NOTHING)
		return empty;
	s->depth--;
	s->holds[s->depth] = s->holds[s->depth] || held;
	s->last = held ? HOLDING : PLAIN;
	return NULL;
}

static const char *repeat(struct scan *s, char how)
{
	if (s->last == NOTHING)
		return "a repetition repeats nothing; with a backslash it means the character";
	if (s->last == REPEATED || (s->last == HOLDING && how != '?'))
		return "a repetition of a repetition is not accepted";
	s->holds[s->depth] = true;
	s->last = REPEATED;
	return NULL;
}

/* Scans one piece. Returns NULL, or what is wrong with it; then s->at still points to it. */
static const char *take(struct scan *s)
{
	const char *wrong = NULL, *next = s->at + 1;

	switch (*s->at) {
	case '(': wrong = open_group(s); break;
	case ')': wrong = close_group(s); break;
	case '*':
	case '+':
	case '?': wrong = repeat(s, *s->at); break;
	case '^':
		wrong = s->at == s->text
				? NULL
				: "^ is accepted only at the beginning; \\^ means the character";
		break;
	case '$':
		wrong = !*next ? NULL : "$ is accepted only at the end; \\$ means the character";
		break;
	case '|':
		wrong = s->last == NOTHING ? empty : NULL;
		s->last = NOTHING;
		break;
	case '{':
		wrong = "{ is not accepted; repeat the piece by hand, \\{ means the character";
		break;
	case '[':
		next = skip_bracket(s->at);
		wrong = next ? NULL : "the [ has no ]";
		s->last = PLAIN;
		break;
	case '\\':
		/* glibc defines its own operators \<, \>, \` and \'. */
		wrong = ispunct((unsigned char)*next) && !strchr("<>`'", *next)
				? NULL
				: "a backslash is accepted only before punctuation";
		next++;
		s->last = PLAIN;
		break;
	default: s->last = PLAIN; break;
	}
	s->at = wrong ? s->at : next;
	return wrong;
}

static int refuse(const char *text, const char *at, const char *wrong, struct err *e)
{
	char shown[CHECK_SHOWN];

	return err_set(e, ERR_USAGE, "%s: at its character %zu: %s", check_show(text, shown),
		       (size_t)(at - text) + 1, wrong);
}

static int check_shape(const char *text, struct err *e)
{
	struct scan s = {.text = text, .at = text, .last = NOTHING};

	if (strlen(text) > EXPECT_MAX)
		return refuse(text, text + EXPECT_MAX, "at most 200 characters are allowed", e);
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return refuse(text, c,
				      "printable ASCII is allowed; . stands for any other byte", e);
	while (*s.at) {
		const char *wrong = take(&s);

		if (wrong)
			return refuse(text, s.at, wrong, e);
	}
	if (s.depth > 0)
		return refuse(text, s.at, "a ( is not closed; \\( means the character", e);
	return s.last == NOTHING ? refuse(text, s.at, empty, e) : 0;
}

int expect_compile(regex_t *out, const char *text, struct err *e)
{
	char why[128];
	int bad;

	if (check_shape(text, e) < 0)
		return -1;
	bad = regcomp(out, text, REG_EXTENDED | REG_NOSUB);
	if (bad == 0)
		return 0;
	regerror(bad, out, why, sizeof(why));
	return bad == REG_ESPACE ? err_set(e, ERR_NOBODY, "out of memory")
				 : refuse(text, text, why, e);
}

int check_expect(const char *text, struct err *e)
{
	regex_t compiled;

	if (expect_compile(&compiled, text, e) < 0)
		return -1;
	regfree(&compiled);
	return 0;
}
