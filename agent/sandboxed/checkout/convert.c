/* convert: DIAGNOSTICS: ERR_PUSHER if a file cannot be written in the encoding that .gitattributes
 * names, ERR_NOBODY if out of memory. */
#include "agent/sandboxed/checkout/convert.h"

#include "lib/grow.h"
#include "lib/own.h"

#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Returns the length of the keyword at s, "$Id$" or git's own "$Id: … $", or 0 if there is none. A
 * blank inside the value means that another system wrote it. */
static size_t keyword(const char *s, size_t len)
{
	const char *end, *blank;

	if (len < 4 || memcmp(s, "$Id", 3) != 0)
		return 0;
	if (s[3] == '$')
		return 4;
	end = s[3] == ':' ? memchr(s + 4, '$', len - 4) : NULL;
	if (!end || memchr(s + 4, '\n', (size_t)(end - s - 4)))
		return 0;
	blank = end > s + 5 ? memchr(s + 5, ' ', (size_t)(end - s - 5)) : NULL;
	return blank && blank < end - 1 ? 0 : (size_t)(end - s) + 1;
}

static int add_ident(struct grow *t, const char *id_hex, struct err *e)
{
	if (grow_add(t, "$Id: ", 5, e) < 0 || grow_add(t, id_hex, strlen(id_hex), e) < 0)
		return -1;
	return grow_add(t, " $", 2, e);
}

static int expand_whole(const char *id_hex, const char *s, size_t len, struct grow *t,
			struct err *e)
{
	for (const char *end = s + len; s < end;) {
		size_t n = keyword(s, (size_t)(end - s));
		const char *next = n ? s + n : memchr(s + 1, '$', (size_t)(end - s - 1));

		if (!next)
			next = end;
		if ((n ? add_ident(t, id_hex, e) : grow_add(t, s, (size_t)(next - s), e)) < 0)
			return -1;
		s = next;
	}
	return 0;
}

/* Returns whether s is "$Id: … $" with white space inside the value: another system wrote it. Git's
 * scan stops at a NUL. */
static bool is_foreign(const char *s, size_t len)
{
	if (len < 5 || memcmp(s, "$Id: ", 5) != 0)
		return false;
	for (size_t i = 5; i + 1 < len && s[i]; i++)
		if (strchr(" \t\n\r", s[i]) && s[i + 1] != '$')
			return true;
	return false;
}

/* Returns how many bytes git's stream filter consumes at once from s, which is a '$'. If a keyword
 * ends there, sets *is, and *before to the number of bytes before the keyword. Git's quirks, kept:
 * the byte that breaks a match is skipped even if it is a '$' ("$$Id$" stays); git compares with
 * "$Id" and its NUL as a fourth byte; the bytes held back after "$Idx" are lost if an old keyword
 * follows ("$Idx$Id: old $"). */
static size_t streamed(const char *s, size_t len, size_t *before, bool *is)
{
	size_t at = 0, n;

	*is = false;
	for (;; at += 4) {
		for (n = 0; n < 4 && at + n < len && s[at + n] == "$Id"[n];)
			n++;
		if (at + n == len || n != 3)
			return at + n < len ? at + n + 1 : len;
		if (s[at + 3] == '$' || s[at + 3] == ':')
			break;
	}
	*is = s[at + 3] == '$';
	*before = *is ? at : 0;
	if (*is)
		return at + 4;
	for (n = at + 4; n < len && s[n] != '$' && s[n] != '\n';)
		n++;
	*is = n < len && s[n] == '$' && !is_foreign(s, n + 1);
	return n < len ? n + 1 : len;
}

static int expand_streamed(const char *id_hex, const char *s, size_t len, struct grow *t,
			   struct err *e)
{
	for (const char *end = s + len; s < end;) {
		const char *dollar = memchr(s, '$', (size_t)(end - s));
		size_t n = 0, before = 0;
		bool is = false;

		if (dollar)
			n = streamed(dollar, (size_t)(end - dollar), &before, &is);
		else
			dollar = end;
		if (grow_add(t, s, (size_t)(dollar - s) + (is ? before : n), e) < 0 ||
		    (is && add_ident(t, id_hex, e) < 0))
			return -1;
		s = dollar + n;
	}
	return 0;
}

/* Git has two implementations of ident, one for streams and one for whole files: they differ for
 * "$$Id$". */
static int expand_ident(const struct convert *c, const char *id_hex, const char *s, size_t len,
			struct grow *t, struct err *e)
{
	bool whole = c->text_auto || c->encoding[0];

	return (whole ? expand_whole : expand_streamed)(id_hex, s, len, t, e);
}

/* Returns whether git would convert the text: it leaves binary data and text with CRs alone
 * (gather_stats in git's convert.c). */
static bool is_lf_text(const char *s, size_t len)
{
	size_t printable = 0, odd = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\r' || c == '\0')
			return false;
		if (c == '\n')
			continue;
		if (c == 127 || (c < 32 && c != '\b' && c != '\t' && c != '\033' && c != '\014'))
			odd++;
		else
			printable++;
	}
	odd -= len > 0 && s[len - 1] == '\032';
	return printable >> 7 >= odd;
}

static int to_crlf(const char *s, size_t len, struct grow *t, struct err *e)
{
	for (size_t i = 0; i < len;) {
		const char *lf = memchr(s + i, '\n', len - i);
		size_t n = lf ? (size_t)(lf - s) - i : len - i;

		if (grow_add(t, s + i, n, e) < 0)
			return -1;
		i += n;
		if (lf && grow_add(t, i > 0 && s[i - 1] == '\r' ? "\n" : "\r\n",
				   i > 0 && s[i - 1] == '\r' ? 1 : 2, e) < 0)
			return -1;
		i += lf != NULL;
	}
	return 0;
}

/* Returns iconv's name of the encoding, and the byte order mark that iconv does not write. */
static const char *iconv_name(const char *encoding, const char **mark)
{
	static const struct {
		const char *git, *iconv, *mark;
	} names[] = {
		{"UTF-16LE-BOM", "UTF-16LE", "\xff\xfe"}, {"UTF16LE-BOM", "UTF-16LE", "\xff\xfe"},
		{"UTF-16BE-BOM", "UTF-16BE", "\xfe\xff"}, {"UTF16BE-BOM", "UTF-16BE", "\xfe\xff"},
		{"latin-1", "ISO-8859-1", ""},
	};

	*mark = "";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(encoding, names[i].git) == 0) {
			*mark = names[i].mark;
			return names[i].iconv;
		}
	return encoding;
}

static int run_iconv(iconv_t cd, char *in, size_t left, struct grow *t, struct err *e)
{
	char buf[4096];
	bool flushed = false;

	while (!flushed) {
		char *to = buf;
		size_t room = sizeof(buf);

		flushed = left == 0;
		if (iconv(cd, flushed ? NULL : &in, flushed ? NULL : &left, &to, &room) ==
		    (size_t)-1 && errno != E2BIG)
			return 1;
		if (grow_add(t, buf, (size_t)(to - buf), e) < 0)
			return -1;
	}
	return 0;
}

static int encode(const char *encoding, const char *path, char *data, size_t len, struct grow *t,
		  struct err *e)
{
	const char *mark;
	const char *name = iconv_name(encoding, &mark);
	iconv_t cd;
	int rc;

	/* Reject "//TRANSLIT" and anything that iconv might take for a file name. */
	if (name[strspn(name,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+:-")])
		return err_set(e, ERR_PUSHER, "%s: the value of working-tree-encoding is not the "
			       "name of an encoding; correct .gitattributes", path);
	cd = iconv_open(name, "UTF-8");
	if (cd == (iconv_t)-1)
		return err_set(e, ERR_PUSHER, "%s: working-tree-encoding=%s is not an encoding "
			       "that this node knows; correct .gitattributes", path, name);
	rc = grow_add(t, mark, strlen(mark), e) < 0 ? -1 : run_iconv(cd, data, len, t, e);
	iconv_close(cd);
	if (rc > 0)
		return err_set(e, ERR_PUSHER, "cannot write %s as %s: it is not UTF-8, or has "
			       "characters that %s lacks; correct it, or working-tree-encoding in "
			       ".gitattributes", path, name, name);
	return rc;
}

static void take_over(struct grow *from, struct grow *to)
{
	struct grow old = *to;

	*to = *from;
	*from = old;
	from->len = 0;
}

int convert_apply(const struct convert *c, const char *path, const char *id_hex, const char *data,
		  size_t len, char **out, size_t *outlen, struct err *e)
{
	own_grow struct grow now = {.data = NULL};
	own_grow struct grow next = {.data = NULL};

	if ((c->ident ? expand_ident(c, id_hex, data, len, &now, e)
		      : grow_add(&now, data, len, e)) < 0)
		return -1;
	if (c->eol == CONVERT_CRLF ||
	    (c->eol == CONVERT_CRLF_AUTO && is_lf_text(now.data, now.len))) {
		if (to_crlf(now.data, now.len, &next, e) < 0)
			return -1;
		take_over(&next, &now);
	}
	if (c->encoding[0]) {
		if (encode(c->encoding, path, now.data, now.len, &next, e) < 0)
			return -1;
		take_over(&next, &now);
	}
	*outlen = now.len;
	*out = now.data ? now.data : calloc(1, 1);
	now.data = NULL;
	return *out ? 0 : err_set(e, ERR_NOBODY, "out of memory for %s", path);
}
