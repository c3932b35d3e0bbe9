/* base_copy: DIAGNOSTICS: ERR_OPERATOR if the file cannot be read or curl is missing, ERR_NOBODY if
 * curl or the disk fails; curl's own words are quoted. */
#include "cli/base.h"

#include "cli/table.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/program.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { CHUNK = 1 << 18, SHOW_MS = 200, SAID_MAX = 300, CURL_FILESIZE_EXCEEDED = 63 };

static const char file_url[] = "file://";

bool base_is_url(const char *from)
{
	return strstr(from, "://") && strncmp(from, file_url, strlen(file_url)) != 0;
}

int base_open(struct base_source *s, const char *from, struct err *e)
{
	bool is_file_url = strncmp(from, file_url, strlen(file_url)) == 0;
	struct stat st;

	*s = (struct base_source){.from = from, .errors = -1};
	s->fd = open(is_file_url ? from + strlen(file_url) : from,
		     O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read %s", from);
	if (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	close(s->fd);
	return err_set(e, ERR_USAGE, "%s is not a file", from);
}

int base_fetch(struct base_source *s, const char *from, int64_t max_bytes, struct err *e)
{
	own_free char *most = fs_path("%lld", (long long)max_bytes);
	/* No configuration file, no other protocols, no names of several files in one URL. The
	 * digest proves the content, so plain HTTP and redirects to it do no harm. */
	const char *const argv[] = {
		"curl", "-q", "--proto", "=http,https", "--proto-redir", "=http,https", "--globoff",
		"--fail", "--location", "--max-redirs", "5", "--max-filesize", most, "--silent",
		"--show-error", "--connect-timeout", "30", "--speed-limit", "1", "--speed-time",
		"60", "--url", from, NULL};
	struct spawn spawn = SPAWN_INIT(argv);
	own_fd int read_end = -1, write_end = -1, errors = memfd_create("curl", MFD_CLOEXEC);
	int pair[2];

	if (!program_is_installed("curl"))
		return err_set(e, ERR_OPERATOR,
			       "curl is not in /usr; install it (apt-get install curl), or fetch "
			       "%s yourself and name the file", from);
	if (errors < 0 || pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make a pipe");
	read_end = pair[0];
	write_end = pair[1];
	spawn.out = write_end;
	spawn.err = errors;
	*s = (struct base_source){.from = from, .is_url = true};
	if (spawn_start(&spawn, &s->curl, e) < 0)
		return -1;
	s->fd = steal_fd(&read_end);
	s->errors = steal_fd(&errors);
	return 0;
}

static int too_large(const struct base_source *s, int64_t max_bytes, struct err *e)
{
	return err_set(e, ERR_USAGE, "%s has more than %lld bytes (image_size_limit)", s->from,
		       (long long)max_bytes);
}

/* curl itself says why it failed: "curl: (22) The requested URL returned error: 404". */
static int check_curl(const struct base_source *s, int status, int64_t max_bytes, struct err *e)
{
	char said[SAID_MAX] = "", how[64];
	ssize_t n;

	if (status == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CURL_FILESIZE_EXCEEDED)
		return too_large(s, max_bytes, e);
	n = fs_pread(s->errors, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	return err_set(e, ERR_NOBODY, "cannot fetch %s: %s", s->from,
		       *said ? said : spawn_status_text(status, how, sizeof(how)));
}

static void show(int64_t bytes, int64_t *next_ms)
{
	char size[WORDS_MAX];

	if (clock_mono_ms() < *next_ms)
		return;
	fprintf(stderr, "\r\033[K%s", bytes_words(size, bytes));
	*next_ms = clock_mono_ms() + SHOW_MS;
}

static int copy(const struct base_source *s, int out, int64_t max_bytes, struct sha256 *h,
		int64_t *size, struct err *e)
{
	own_free char *buf = malloc(CHUNK);
	bool shown = isatty(STDERR_FILENO);
	int64_t next_ms = clock_mono_ms() + SHOW_MS;
	int rc = 0;

	if (!buf)
		return err_set(e, ERR_NOBODY, "out of memory for a copy");
	for (*size = 0; rc == 0;) {
		ssize_t n = read(s->fd, buf, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		*size += n > 0 ? n : 0;
		if (n < 0)
			rc = err_sys(e, ERR_NOBODY, "cannot read %s", s->from);
		else if (*size > max_bytes)
			rc = too_large(s, max_bytes, e);
		else if (fs_write_all(out, buf, (size_t)n) < 0)
			rc = err_sys(e, ERR_NOBODY, "cannot write the copy of %s", s->from);
		else
			sha256_add(h, buf, (size_t)n);
		if (shown)
			show(*size, &next_ms);
	}
	if (shown)
		fputs("\r\033[K", stderr);
	return rc;
}

int base_copy(struct base_source *s, int out, int64_t max_bytes, char digest[SHA256_HEX + 1],
	      int64_t *size, struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();
	int rc = h ? copy(s, out, max_bytes, h, size, e)
		   : err_set(e, ERR_NOBODY, "out of memory for a digest");

	close(s->fd);
	if (s->is_url && rc < 0)
		spawn_kill(&s->curl);
	else if (s->is_url)
		rc = check_curl(s, spawn_wait(&s->curl), max_bytes, e);
	if (s->errors >= 0)
		close(s->errors);
	if (rc == 0)
		sha256_final(h, digest);
	return rc;
}
