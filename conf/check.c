/* check: pure. DIAGNOSTICS: ERR_USAGE; the reader of a file adds that file's class and place. */
#include "conf/check.h"

#include "conf/way.h"
#include "lib/cpulist.h"
#include "lib/escape.h"
#include "lib/failpoint.h"
#include "lib/listen.h"
#include "lib/own.h"

#include <arpa/inet.h>
#include <string.h>

static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

bool check_clean(const char *text, enum check_keep keep)
{
	size_t len = strlen(text);
	own_free char *escaped = NULL;

	if (len > CHECK_TEXT_MAX)
		return false;
	escaped = malloc(4 * len + 1);
	if (!escaped)
		return false;
	/* Text is clean if escaping does not make it longer. */
	return escape_text(escaped, 4 * len + 1, text, len,
			   keep == CHECK_LINES ? ESCAPE_LINES : ESCAPE_LINE) == len;
}

const char *check_show(const char *text, char buf[CHECK_SHOWN])
{
	const size_t room = CHECK_SHOWN - 8; /* both quotes, dots, terminator */
	size_t used = 1;

	buf[0] = '"';
	used += escape_text(buf + 1, room, text, strlen(text), ESCAPE_LINE);
	strcpy(buf + used, used + 4 > room ? "…\"" : "\"");
	return buf;
}

static int refuse(const char *text, const char *allowed, struct err *e)
{
	char shown[CHECK_SHOWN];

	return err_set(e, ERR_USAGE, "%s: %s", check_show(text, shown), allowed);
}

int check_name(const char *text, struct err *e)
{
	size_t len = strlen(text);

	if (len == 0 || len > 32 || text[0] == '-' || strspn(text, lower) != len)
		return refuse(text,
			      "a name of a-z, 0-9 and - is allowed, at most 32 long, not beginning "
			      "with -",
			      e);
	return 0;
}

int check_component(const char *text, struct err *e)
{
	size_t len = strlen(text);

	if (len == 0 || len > 64 || text[0] == '-' || text[0] == '.' || strspn(text, word) != len)
		return refuse(text,
			      "one name of A-Z, a-z, 0-9, ., _ and - is allowed, at most 64 long, "
			      "not beginning with . or -",
			      e);
	return 0;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(text + len - n, end, n) == 0;
}

static bool is_part(const char *part, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(part, name, len) == 0;
}

/* git-check-ref-format(1), rules 1, 3, 4, 5, 6, 7, 8, 10. The prefix ensures 2 and 9. */
static const char *wrong_with_ref(const char *ref)
{
	size_t len = strlen(ref);

	if (len > 200)
		return "at most 200 bytes are allowed";
	if (strncmp(ref, "refs/heads/", 11) != 0 && strncmp(ref, "refs/tags/", 10) != 0)
		return "a whole ref is needed, beginning with refs/heads/ or refs/tags/";
	if (strstr(ref, "..") || strstr(ref, "@{"))
		return "a ref has no \"..\" and no \"@{\"";
	if (strpbrk(ref, " ~^:?*[\\") || !check_clean(ref, CHECK_LINE))
		return "a ref has no blank, ~, ^, :, ?, *, [, \\ or control character";
	if (ref[len - 1] == '.')
		return "a ref does not end with a dot";
	for (const char *part = ref; part;
	     part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
		size_t n = strcspn(part, "/");

		if (n == 0)
			return "a ref has no empty part between slashes";
		if (part[0] == '.' || ends_with(part, n, ".lock"))
			return "no part of a ref begins with a dot or ends with .lock";
	}
	return NULL;
}

int check_ref(const char *text, struct err *e)
{
	const char *wrong = wrong_with_ref(text);

	return wrong ? refuse(text, wrong, e) : 0;
}

int check_repo(const char *text, struct err *e)
{
	static const char allowed[] = "parts of A-Z, a-z, 0-9, ., _ and - joined by / are allowed, "
				      "none beginning with . or - or ending in .git or .lock, at "
				      "most 200 bytes in all";

	if (strlen(text) > 200)
		return refuse(text, allowed, e);
	for (const char *part = text; part;
	     part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
		size_t n = strcspn(part, "/");

		if (n == 0 || part[0] == '.' || part[0] == '-' || strspn(part, word) != n ||
		    ends_with(part, n, ".git") || ends_with(part, n, ".lock"))
			return refuse(text, allowed, e);
	}
	return 0;
}

/* Whether path consists of components between single slashes, none of them "." or "..". */
static bool tidy(const char *path)
{
	if (strlen(path) > 1024 || !check_clean(path, CHECK_LINE))
		return false;
	for (const char *part = path; part;
	     part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
		size_t n = strcspn(part, "/");

		if (n == 0 || is_part(part, n, ".") || is_part(part, n, ".."))
			return false;
	}
	return true;
}

int check_relative(const char *text, struct err *e)
{
	bool fine = tidy(text);

	for (const char *part = text; fine && part;
	     part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
		fine = strcspn(part, "/") != 4 || strncasecmp(part, ".git", 4) != 0;
	if (!fine)
		return refuse(text,
			      "a relative path is allowed, without a slash at its ends, \"//\", "
			      "\".\", \"..\" or \".git\"",
			      e);
	return 0;
}

int check_absolute(const char *text, struct err *e)
{
	if (text[0] != '/' || !tidy(text + 1))
		return refuse(text,
			      "an absolute path is allowed, without a slash at its end, \"//\", "
			      "\".\" or \"..\"",
			      e);
	return 0;
}

static int check_below(const char *text, const char *top, struct err *e)
{
	char shown[CHECK_SHOWN];

	if (check_absolute(text, e) < 0)
		return -1;
	if (strncmp(text, top, strlen(top)) != 0)
		return err_set(e, ERR_USAGE, "%s: a path below %s is allowed",
			       check_show(text, shown), top);
	return 0;
}

static int check_literal(const char *text, struct err *e)
{
	if (!strpbrk(text, "*?["))
		return 0;
	return refuse(text, "patterns are not allowed here; name the file", e);
}

int check_detect(const char *text, struct err *e)
{
	return check_relative(text, e) < 0 ? -1 : check_literal(text, e);
}

int check_artifact(const char *text, struct err *e)
{
	return check_below(text, "/build/", e) < 0 ? -1 : check_literal(text, e);
}

int check_device(const char *text, struct err *e)
{
	return check_below(text, "/dev/", e);
}

int check_input(const char *text, struct err *e)
{
	bool is_base = strncmp(text, "base:", 5) == 0;
	const char *from = is_base ? text + 5 : text;
	const char *colon = strchr(from, ':');
	own_free char *host = strndup(from, strcspn(from, ":"));

	if (!host)
		return err_set(e, ERR_NOBODY, "out of memory");
	if ((is_base ? check_component(host, e) : check_absolute(host, e)) < 0 ||
	    (colon && check_absolute(colon + 1, e) < 0))
		return -1;
	/* The pusher controls the checkout and could put a link where the file should appear. */
	if (colon &&
	    (strcmp(colon + 1, "/build/src") == 0 || strncmp(colon + 1, "/build/src/", 11) == 0))
		return refuse(text, "an input must appear outside /build/src", e);
	return 0;
}

int check_program(const char *text, struct err *e)
{
	if (text[0] == '/')
		return check_absolute(text, e);
	if (!*text || strpbrk(text, "/ ") || !check_clean(text, CHECK_LINE))
		return refuse(text, "a program's name or absolute path is allowed", e);
	return 0;
}

/* One ADDRESS:PORT. With port 0 the kernel picks one. */
static bool is_listen(const char *text, size_t len)
{
	char host[64];
	size_t colon = len;
	unsigned char address[16];
	unsigned long port;

	while (colon > 0 && text[colon - 1] != ':')
		colon--;
	if (colon < 2 || colon > sizeof(host) || len - colon < 1 || len - colon > 5 ||
	    strspn(text + colon, "0123456789") < len - colon)
		return false;
	port = strtoul(text + colon, NULL, 10);
	memcpy(host, text, colon - 1);
	host[colon - 1] = '\0';
	if (host[0] != '[')
		return port <= 65535 && inet_pton(AF_INET, host, address) == 1;
	if (host[colon - 2] != ']')
		return false;
	host[colon - 2] = '\0';
	return port <= 65535 && inet_pton(AF_INET6, host + 1, address) == 1;
}

int check_listen(const char *text, struct err *e)
{
	size_t n = 0;

	for (const char *at = text + strspn(text, " "); *at; n++) {
		size_t len = strcspn(at, " ");

		if (n == LISTEN_MAX || !is_listen(at, len))
			return refuse(text,
				      "ADDRESS:PORT is allowed, numbers only, IPv6 in [], blanks "
				      "between several",
				      e);
		at += len + strspn(at + len, " ");
	}
	return n > 0 ? 0 : refuse(text, "one ADDRESS:PORT at least is needed", e);
}

int check_host(const char *text, struct err *e)
{
	size_t len = way_host(text);
	const char *port = text + len + 1;
	char *end;

	if (len > 0 && text[len] == '\0')
		return 0;
	if (len == 0 || text[len] != ':' || strspn(port, "0123456789") != strlen(port) ||
	    strlen(port) > 5 || strtol(port, &end, 10) < 1 || strtol(port, &end, 10) > 65535)
		return refuse(text, "HOST or HOST:PORT is allowed, IPv6 in []", e);
	return 0;
}

int check_url(const char *text, struct err *e)
{
	const char *rest = strncmp(text, "http://", 7) == 0    ? text + 7
			   : strncmp(text, "https://", 8) == 0 ? text + 8
							       : "";
	size_t len = 0;

	while (rest[len] > ' ' && rest[len] <= '~' && !strchr("@?#\"'\\<>", rest[len]))
		len++;
	if (len == 0 || rest[len] || rest[0] == '/')
		return refuse(text,
			      "http://HOST/PATH or https://HOST/PATH is allowed, without user, "
			      "query or fragment",
			      e);
	return 0;
}

int check_cpus(const char *text, struct err *e)
{
	struct cpulist list;
	char ranges[CPULIST_TEXT];

	if (cpulist_parse(text, &list, e) < 0)
		return -1;
	return cpulist_format(&list, ranges) ? 0 : refuse(text, "no processor is left", e);
}

int check_cmdline(const char *text, struct err *e)
{
	size_t len = 0;

	while (text[len] >= ' ' && text[len] <= '~' && !strchr("\"'\\", text[len]))
		len++;
	if (text[len] || len > CHECK_CMDLINE_MAX)
		return refuse(text, CHECK_CMDLINE_ALLOWED " is allowed", e);
	return 0;
}

int check_accepted(const char *text, struct err *e)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	if (n == 0 || strlen(text) > 200 || !check_clean(text, CHECK_LINE) ||
	    (text[n] && (strncmp(text + n, ": ", 2) != 0 || !text[n + 2])))
		return refuse(text,
			      "CHECK or \"CHECK: WORDS\" is allowed, as hornero doctor prints them",
			      e);
	return 0;
}

int check_failpoint(const char *text, struct err *e)
{
	return failpoint_check(text, e);
}
