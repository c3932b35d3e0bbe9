/* signature: DIAGNOSTICS: ERR_PUSHER if a signature does not count; ERR_OPERATOR if a program or a
 * file is missing, ERR_NOBODY if it takes too long. */
#include "hooks/signature.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { OUTPUT_MAX = 64 << 10, ERRORS_MAX = 4096, CPU_S = 10 };
enum { PAYLOAD_FD = 3, SIGNATURE_FD = 4, THIRD_FD = 5 };
#define PAYLOAD	  "/proc/self/fd/3"
#define SIGNATURE "/proc/self/fd/4"
#define THIRD	  "/proc/self/fd/5"
#define WHO	  "hornero"

static int memory_file(const char *text, size_t len, struct err *e)
{
	own_fd int fd = memfd_create("signature", MFD_CLOEXEC);

	if (fd < 0 || fs_write_all(fd, text, len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_NOBODY, "cannot keep a signature in memory");
	return steal_fd(&fd);
}

/* All keys have one principal: their rights are checked when it is known which one signed. */
static int write_allowed(struct signers *s, struct err *e)
{
	const struct key_entry *list;
	size_t n = keyring_entries(s->ring, &list), len = 0;
	own_free char *text = NULL;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return err_sys(e, ERR_NOBODY, "out of memory for the keys");
	for (size_t i = 0; i < n; i++)
		if (!list[i].problem)
			fprintf(out, WHO " namespaces=\"git\" %s %s\n", list[i].type, list[i].blob);
	if (fclose(out) != 0)
		return err_set(e, ERR_NOBODY, "out of memory for the keys");
	s->allowed = memory_file(text, len, e);
	return s->allowed < 0 ? -1 : 0;
}

int signers_load(struct signers *s, const struct conf *c, struct err *e)
{
	s->gpg_keyring = c->gpg_keyring;
	s->deadline_ms = clock_mono_ms() + SIGNATURE_ALL_MS;
	if (keyring_load(c->keys_file, NULL, NULL, &s->ring, e) < 0)
		return -1;
	return write_allowed(s, e);
}

void signers_fini(struct signers *s)
{
	keyring_free(s->ring);
	own_fd_end(&s->allowed);
}

/* The output of a program. */
struct answer {
	char *text;     /* its output, terminated */
	char last[200]; /* the last line of its errors */
};

static void answer_fini(struct answer *a)
{
	free(a->text);
}
#define own_answer __attribute__((cleanup(answer_fini)))

/* RLIMIT_FSIZE bounds a memory file, too. */
static void read_errors(int fd, char last[200])
{
	char text[ERRORS_MAX + 1];
	ssize_t n = fs_pread(fd, text, ERRORS_MAX, 0);
	char *line;

	text[n > 0 ? n : 0] = '\0';
	for (n = n > 0 ? n : 0; n > 0 && strchr("\r\n", text[n - 1]); n--)
		text[n - 1] = '\0';
	line = strrchr(text, '\n');
	snprintf(last, 200, "%.199s", line ? line + 1 : text);
}

/* Runs the program with the payload, the signature and a third file as those descriptors. The
 * payload is also its standard input. Returns the wait status, or -1. */
static int run(const struct signers *s, const char *const *argv, const struct signedtext *text,
	       int third, struct answer *out, struct err *e)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/nonexistent",
					  NULL};
	static const struct spawn_limit limits[] = {
		{RLIMIT_CPU, CPU_S, CPU_S},
		{RLIMIT_FSIZE, ERRORS_MAX, ERRORS_MAX},
		{RLIMIT_CORE, 0, 0},
	};
	int64_t left_ms = s->deadline_ms - clock_mono_ms();
	own_fd int payload = memory_file(text->payload, text->payload_len, e);
	own_fd int signature =
		payload < 0 ? -1 : memory_file(text->signature, text->signature_len, e);
	own_fd int errors = memory_file("", 0, e);
	const struct spawn_fd fds[] = {
		{payload, PAYLOAD_FD}, {signature, SIGNATURE_FD}, {third, THIRD_FD}};
	struct spawn sp = SPAWN_INIT(argv);
	size_t len;
	int status;

	if (signature < 0 || errors < 0)
		return -1;
	if (left_ms <= 0)
		return err_set(e, ERR_NOBODY,
			       "the signatures of one push took more than %d s; push fewer commits "
			       "at a time",
			       SIGNATURE_ALL_MS / 1000);
	sp.envp = env;
	sp.in = payload;
	sp.err = errors;
	sp.fds = fds;
	sp.nfds = third < 0 ? 2 : 3;
	sp.cwd = "/";
	sp.limits = limits;
	sp.nlimits = sizeof(limits) / sizeof(limits[0]);
	status = spawn_capture(&sp, (int)left_ms, OUTPUT_MAX, &out->text, &len, e);
	if (status < 0)
		return err_wrap(e, "%s", argv[0]);
	read_errors(errors, out->last);
	return status;
}

static bool is_success(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ssh-keygen ends its line with the key's fingerprint. Cuts it out. Returns it, or NULL. */
static char *fingerprint_in(char *text)
{
	char *at = NULL;

	for (char *next = strstr(text, "SHA256:"); next; next = strstr(next + 1, "SHA256:"))
		at = next;
	if (at)
		at[strcspn(at, " \r\n")] = '\0';
	return at;
}

static const struct key_entry *key_of(const struct signers *s, const char *print)
{
	const struct key_entry *list;
	size_t n = keyring_entries(s->ring, &list);
	char ours[SSHKEY_PRINT_MAX];

	for (size_t i = 0; print && i < n; i++)
		if (keyring_fingerprint(&list[i], ours) && strcmp(ours, print) == 0)
			return &list[i];
	return NULL;
}

/* The signature is not by a known key, or it is wrong: say which. */
static int refuse_ssh(const struct signers *s, const struct signedtext *text, struct err *e)
{
	static const char *const argv[] = {SIGNATURE_SSH_KEYGEN, "-Y", "check-novalidate", "-n",
					   "git", "-s", SIGNATURE, NULL};
	own_answer struct answer said = {.text = NULL};
	int status = run(s, argv, text, -1, &said, e);
	char *print;

	if (status < 0)
		return -1;
	print = is_success(status) ? fingerprint_in(said.text) : NULL;
	if (print)
		err_set(e, ERR_PUSHER,
			"it is signed by the SSH key %.80s, which is not in the keys file; sign "
			"with a key that the node knows, or ask its operator to add it",
			print);
	else
		err_set(e, ERR_PUSHER, "its SSH signature is not good: ssh-keygen says: %s",
			said.last);
	return 1;
}

static int check_ssh(const struct signers *s, const struct signedtext *text, struct signed_by *out,
		     struct err *e)
{
	static const char *const argv[] = {SIGNATURE_SSH_KEYGEN, "-Y", "verify", "-f", THIRD,
					   "-I", WHO, "-n", "git", "-s", SIGNATURE, NULL};
	own_answer struct answer said = {.text = NULL};
	int status = run(s, argv, text, s->allowed, &said, e);

	if (status < 0)
		return -1;
	if (!is_success(status))
		return refuse_ssh(s, text, e);
	out->key = key_of(s, fingerprint_in(said.text));
	if (!out->key)
		return err_set(e, ERR_US, "ssh-keygen named no key of the keys file");
	snprintf(out->name, sizeof(out->name), "key %s", out->key->name);
	return 0;
}

/* The status lines of gpgv: doc/DETAILS of GnuPG. */
struct gpg_said {
	size_t good, valid, bad;
	char word[16], detail[100]; /* of the last line that is bad */
	char fingerprint[65];
};

static void read_status(char *line, struct gpg_said *g)
{
	static const char *const bad[] = {"EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG",
					  NULL};
	char *rest = line + strcspn(line, " "), *last;

	if (*rest)
		*rest++ = '\0';
	g->good += strcmp(line, "GOODSIG") == 0;
	if (strcmp(line, "VALIDSIG") == 0) {
		g->valid++;
		last = strrchr(rest, ' '); /* the primary key */
		snprintf(g->fingerprint, sizeof(g->fingerprint), "%.64s", last ? last + 1 : rest);
	}
	for (size_t i = 0; bad[i]; i++)
		if (strcmp(line, bad[i]) == 0) {
			g->bad++;
			snprintf(g->word, sizeof(g->word), "%s", line);
			snprintf(g->detail, sizeof(g->detail), "%.99s", rest);
		}
}

static int refuse_gpg(const struct gpg_said *g, const char *errors, struct err *e)
{
	if (strcmp(g->word, "EXPKEYSIG") == 0)
		err_set(e, ERR_PUSHER, "it is signed by the GPG key %s, which has expired",
			g->detail);
	else if (strcmp(g->word, "REVKEYSIG") == 0)
		err_set(e, ERR_PUSHER, "it is signed by the GPG key %s, which is revoked",
			g->detail);
	else if (strcmp(g->word, "EXPSIG") == 0)
		err_set(e, ERR_PUSHER, "its GPG signature by %s has expired", g->detail);
	else if (strcmp(g->word, "ERRSIG") == 0)
		err_set(e, ERR_PUSHER,
			"it is signed by the GPG key %.16s, which is not in gpg_keyring; sign with "
			"a key that the node knows, or ask its operator to add it",
			g->detail);
	else
		err_set(e, ERR_PUSHER, "its GPG signature is not good: gpgv says: %s", errors);
	return 1;
}

static int check_gpg(const struct signers *s, const struct signedtext *text, struct signed_by *out,
		     struct err *e)
{
	static const char mark[] = "[GNUPG:] ";
	const char *const argv[] = {SIGNATURE_GPGV, "--homedir", "/nonexistent", "--status-fd", "1",
				    "--weak-digest", "SHA1", "--keyring", s->gpg_keyring,
				    SIGNATURE, PAYLOAD, NULL};
	struct gpg_said g = {.good = 0};
	own_answer struct answer said = {.text = NULL};
	char *rest, *line;
	int status;

	if (!s->gpg_keyring) {
		err_set(e, ERR_PUSHER,
			"it has a GPG signature, and the node takes SSH signatures only (it has no "
			"gpg_keyring): git config gpg.format ssh");
		return 1;
	}
	if (access(s->gpg_keyring, R_OK) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read gpg_keyring %s", s->gpg_keyring);
	status = run(s, argv, text, -1, &said, e);
	if (status < 0)
		return -1;
	line = strtok_r(said.text, "\n", &rest);
	for (; line; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, mark, strlen(mark)) == 0)
			read_status(line + strlen(mark), &g);
	if (!is_success(status) || g.good != 1 || g.valid != 1 || g.bad != 0)
		return refuse_gpg(&g, said.last, e);
	out->key = NULL;
	snprintf(out->name, sizeof(out->name), "GPG %s", g.fingerprint);
	return 0;
}

int signature_check(struct signers *s, const struct signedtext *text, struct signed_by *out,
		    struct err *e)
{
	switch (text->form) {
	case SIGNATURE_SSH:
		return check_ssh(s, text, out, e);
	case SIGNATURE_GPG:
		return check_gpg(s, text, out, e);
	case SIGNATURE_NONE:
		err_set(e, ERR_PUSHER, "it is not signed");
		return 1;
	case SIGNATURE_OTHER:
		break;
	}
	err_set(e, ERR_PUSHER, "its signature is of a kind that is not taken; sign by SSH or GPG");
	return 1;
}
