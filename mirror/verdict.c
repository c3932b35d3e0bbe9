/* verdict: DIAGNOSTICS: none. The programs run with LANG=C.UTF-8, so their words are known; a
 * remote that says such words deceives nobody but the reader of its own state. */
#include "mirror/verdict.h"

#include <stdio.h>
#include <string.h>

/* The first entry of which a line has the words decides, so causes come before consequences. */
static const struct cause {
	const char *words;
	enum mirrored_state state;
	const char *before, *after; /* of the line, in the sentence; %s in after: access */
} causes[] = {
	{"REMOTE HOST IDENTIFICATION HAS CHANGED", MIRRORED_UNTRUSTED,
	 "its host key has changed, so another machine may answer in its place",
	 "; if the change is right, replace its line in %s/known_hosts"},
	{"host key is known for", MIRRORED_UNTRUSTED, "its host key is not known",
	 "; add it to %s/known_hosts"},
	{"Host key verification failed", MIRRORED_UNTRUSTED, "its host key is not trusted",
	 "; see %s/known_hosts"},
	{"certificate", MIRRORED_UNTRUSTED, "its certificate is not trusted",
	 "; if it is right, add its CA to %s/ca.pem"},
	{"Permission denied (", MIRRORED_DENIED, "it does not accept the key of this node",
	 "; it must know %s/key.pub"},
	{"UNPROTECTED PRIVATE KEY", MIRRORED_DENIED, "ssh does not use the key of this node",
	 "; the file must be git's user's, with mode 0600: %s/key"},
	{"Authentication failed", MIRRORED_DENIED, "it does not accept this node's credentials",
	 "; they are in %s/.netrc"},
	{"could not read Username", MIRRORED_DENIED, "it asks for a user and a password",
	 "; write them into %s/.netrc"},
	{"error: 401", MIRRORED_DENIED, "it does not accept this node's credentials",
	 "; they are in %s/.netrc"},
	{"error: 403", MIRRORED_DENIED, "it does not let this node read the repository", ""},
	{"there is no repository", MIRRORED_MISSING, "it has no such repository for this key", ""},
	{"does not appear to be a git repository", MIRRORED_MISSING, "it has no such repository",
	 ""},
	{"error: 404", MIRRORED_MISSING, "it has no such repository", ""},
	{"not found", MIRRORED_MISSING, "it has no such repository", ""},
	{"Could not resolve", MIRRORED_UNREACHABLE, "its name has no address", ""},
	{"Connection refused", MIRRORED_UNREACHABLE, "it cannot be reached", ""},
	{"Failed to connect", MIRRORED_UNREACHABLE, "it cannot be reached", ""},
	{"timed out", MIRRORED_UNREACHABLE, "it does not answer", ""},
	{"No route to host", MIRRORED_UNREACHABLE, "it cannot be reached", ""},
	{"Network is unreachable", MIRRORED_UNREACHABLE, "it cannot be reached", ""},
	{"Connection reset", MIRRORED_UNREACHABLE, "it ended the connection", ""},
	{"Connection closed", MIRRORED_UNREACHABLE, "it ended the connection", ""},
	{"File too large", MIRRORED_LIMIT, "what it sends is larger than push_size_limit", ""},
	{"fatal: ", MIRRORED_FAILED, "git cannot fetch from it", ""},
	{"error: ", MIRRORED_FAILED, "git cannot fetch from it", ""},
};

/* Returns the line that has the words, ended in place, or NULL. The remote's own words do not
 * count. */
static char *line_with(char *words, const char *wanted)
{
	char *hit = words;

	while ((hit = strstr(hit, wanted))) {
		char *start = hit;

		while (start > words && start[-1] != '\n')
			start--;
		if (strncmp(start, "remote:", strlen("remote:")) != 0) {
			hit[strcspn(hit, "\r\n")] = '\0';
			return start;
		}
		hit += strlen(wanted);
	}
	return NULL;
}

enum mirrored_state verdict_of_fetch(char *words, const char *access, char *reason, size_t size)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		const struct cause *c = &causes[i];
		const char *line = line_with(words, c->words);
		const char *place = strstr(c->after, "%s");

		if (!line)
			continue;
		line += strspn(line, "@ ");
		snprintf(reason, size, "%s (%.150s)%.*s%s%s", c->before, line,
			 place ? (int)(place - c->after) : 0, c->after, place ? access : "",
			 place ? place + 2 : "");
		return c->state;
	}
	snprintf(reason, size, "git cannot fetch from it, and says nothing");
	return MIRRORED_FAILED;
}
