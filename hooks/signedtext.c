/* signedtext: DIAGNOSTICS: ERR_PUSHER, ERR_NOBODY. */
#include "hooks/signedtext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *begin;
	enum signature_form form;
} forms[] = {
	{"-----BEGIN SSH SIGNATURE-----", SIGNATURE_SSH},
	{"-----BEGIN PGP SIGNATURE-----", SIGNATURE_GPG},
	{"-----BEGIN PGP MESSAGE-----", SIGNATURE_GPG},
	{"-----BEGIN SIGNED MESSAGE-----", SIGNATURE_OTHER},
};

static bool begins(const char *text, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static enum signature_form form_of(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (begins(text, len, forms[i].begin))
			return forms[i].form;
	return SIGNATURE_NONE;
}

static int make_room(struct signedtext *out, size_t len, struct err *e)
{
	*out = (struct signedtext){.payload = malloc(len + 1), .signature = malloc(len + 1)};
	if (!out->payload || !out->signature)
		return err_set(e, ERR_NOBODY, "out of memory for a signature");
	return 0;
}

static void terminate(struct signedtext *out)
{
	out->payload[out->payload_len] = '\0';
	out->signature[out->signature_len] = '\0';
}

void signedtext_fini(struct signedtext *s)
{
	free(s->payload);
	free(s->signature);
}

static void add(char *to, size_t *used, const char *text, size_t len)
{
	memcpy(to + *used, text, len);
	*used += len;
}

static size_t line_len(const char *at, const char *end)
{
	const char *stop = memchr(at, '\n', (size_t)(end - at));

	return stop ? (size_t)(stop + 1 - at) : (size_t)(end - at);
}

#define OURS_SHA1   "gpgsig "
#define OURS_SHA256 "gpgsig-sha256 "

/* The meaning of a commit's header for its signature. */
enum header { HEADER_SIGNED, HEADER_OURS, HEADER_OTHER };

/* A commit may have a signature for each form of its id. Neither is signed. */
static enum header header_of(const char *at, size_t len, bool sha256)
{
	if (begins(at, len, sha256 ? OURS_SHA256 : OURS_SHA1))
		return HEADER_OURS;
	return begins(at, len, "gpgsig") ? HEADER_OTHER : HEADER_SIGNED;
}

int signedtext_commit(const char *text, size_t len, bool sha256, struct signedtext *out,
		      struct err *e)
{
	const char *at = text, *end = text + len;
	const size_t name = strlen(sha256 ? OURS_SHA256 : OURS_SHA1);
	enum header in = HEADER_SIGNED;
	size_t n, skip;

	if (make_room(out, len, e) < 0)
		return -1;
	for (; at < end && *at != '\n'; at += n) {
		n = line_len(at, end);
		skip = *at == ' ';
		if (!skip) {
			in = header_of(at, n, sha256);
			skip = in == HEADER_OURS ? name : 0;
			if (in == HEADER_OURS && out->signature_len > 0)
				return err_set(e, ERR_PUSHER, "it has two signatures");
		}
		if (in == HEADER_SIGNED)
			add(out->payload, &out->payload_len, at, n);
		else if (in == HEADER_OURS)
			add(out->signature, &out->signature_len, at + skip, n - skip);
	}
	add(out->payload, &out->payload_len, at, (size_t)(end - at));
	terminate(out);
	if (out->signature_len > 0) {
		out->form = form_of(out->signature, out->signature_len);
		out->form = out->form ? out->form : SIGNATURE_OTHER;
	}
	return 0;
}

/* As git does, the last line that begins a signature counts. */
int signedtext_tag(const char *text, size_t len, struct signedtext *out, struct err *e)
{
	const char *end = text + len, *from = end;
	size_t n;

	if (make_room(out, len, e) < 0)
		return -1;
	for (const char *at = text; at < end; at += n) {
		n = line_len(at, end);
		if (form_of(at, n))
			from = at;
	}
	out->form = form_of(from, (size_t)(end - from));
	add(out->payload, &out->payload_len, text, (size_t)(from - text));
	add(out->signature, &out->signature_len, from, (size_t)(end - from));
	terminate(out);
	return 0;
}

bool signedtext_has_line(const struct signedtext *cert, const struct refline *line)
{
	const char *end = cert->payload + cert->payload_len;
	const char *at = memmem(cert->payload, cert->payload_len, "\n\n", 2);
	size_t oid = strlen(line->old), ref = strlen(line->ref), n;

	for (at = at ? at + 2 : end; at < end; at += n) {
		n = line_len(at, end);
		if (n == 2 * oid + 2 + ref + 1 && memcmp(at, line->old, oid) == 0 &&
		    at[oid] == ' ' && memcmp(at + oid + 1, line->new, oid) == 0 &&
		    at[2 * oid + 1] == ' ' && memcmp(at + 2 * oid + 2, line->ref, ref) == 0)
			return true;
	}
	return false;
}
