/* way: DIAGNOSTICS: none; text in another form is rejected. */
#include "conf/way.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USER_LEN = 32, HOST_LEN = 255, SSH_PORT = 22, PORT_MAX = 65535 };

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* Accepts only characters that have no meaning to a shell. */
static size_t name_len(const char *text, size_t max)
{
	size_t len = strspn(text, LETTERS "._-");

	return *text == '-' || *text == '.' || len > max ? 0 : len;
}

size_t way_host(const char *text)
{
	size_t inner;

	if (*text != '[')
		return name_len(text, HOST_LEN);
	inner = strspn(text + 1, "0123456789abcdefABCDEF:.");
	return inner > 0 && inner <= HOST_LEN - 2 && text[1 + inner] == ']' ? inner + 2 : 0;
}

void way_make(char out[WAY_MAX], const char *door_name, const char *user, int port)
{
	char here[HOST_LEN + 1] = "";
	size_t len;

	if (!door_name && gethostname(here, sizeof(here) - 1) < 0)
		*here = '\0';
	if (!door_name)
		door_name = here[0] && here[way_host(here)] == '\0' ? here : "localhost";
	len = user ? name_len(user, USER_LEN) : 0;
	if (len == 0 || user[len])
		user = "git";
	if (door_name[way_host(door_name)] == ':')
		snprintf(out, WAY_MAX, "%s@%s", user, door_name);
	else
		snprintf(out, WAY_MAX, "%s@%s:%d", user, door_name, port);
}

bool way_parse(const char *text, struct way *out)
{
	size_t user = name_len(text, USER_LEN), len;
	const char *host = text + user + 1;
	bool is_ipv6;
	char *end;
	long port;

	if (user == 0 || text[user] != '@')
		return false;
	len = way_host(host);
	if (len == 0 || host[len] != ':')
		return false;
	port = strtol(host + len + 1, &end, 10);
	if (end == host + len + 1 || *end || port < 1 || port > PORT_MAX)
		return false;
	is_ipv6 = *host == '[';
	if (port == SSH_PORT) {
		snprintf(out->ssh, WAY_MAX, "ssh %.*s@%.*s", (int)user, text,
			 (int)(len - 2 * is_ipv6), host + is_ipv6);
		snprintf(out->url, WAY_MAX, "%.*s@%.*s:", (int)user, text, (int)len, host);
	} else {
		snprintf(out->ssh, WAY_MAX, "ssh -p %ld %.*s@%.*s", port, (int)user, text,
			 (int)(len - 2 * is_ipv6), host + is_ipv6);
		snprintf(out->url, WAY_MAX, "ssh://%.*s@%.*s:%ld/", (int)user, text, (int)len, host,
			 port);
	}
	return true;
}

bool way_read(struct way *out)
{
	const char *text = getenv("HORNERO_DOOR");

	return text && way_parse(text, out);
}
