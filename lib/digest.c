/* digest: DIAGNOSTICS: ERR_NOBODY if memory is short or the file cannot be read; pace() fills e
 * with an error of its own. */
#include "lib/digest.h"

#include "lib/own.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, ALIGN = 4096 };

struct reading {
	int fd;
	bool direct;
	int64_t size;
	unsigned char *buf;
	struct sha256 *hash;
	digest_pace *pace;
	void *arg;
};

int digest_open(int dir, const char *name, struct err *e)
{
	own_fd int fd = openat(dir, name,
			       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				       O_DIRECT);
	struct stat st;

	if (fd < 0 && errno == EINVAL)
		fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_NOBODY, "cannot open %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_NOBODY, "%s is not a regular file", name);
	return steal_fd(&fd);
}

/* A filesystem may accept O_DIRECT at open and refuse it at read. */
static ssize_t read_piece(struct reading *r, size_t len, int64_t at)
{
	for (;;) {
		ssize_t n = pread(r->fd, r->buf, len, at);

		if (n >= 0) {
			if (!r->direct)
				posix_fadvise(r->fd, at, n, POSIX_FADV_DONTNEED);
			return n;
		}
		if (errno == EINVAL && r->direct) {
			r->direct = false;
			if (fcntl(r->fd, F_SETFL, fcntl(r->fd, F_GETFL) & ~O_DIRECT) < 0)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
}

/* Hashes [at, end) of the file; at is aligned. */
static int add_data(struct reading *r, int64_t at, int64_t end, struct err *e)
{
	while (at < end) {
		ssize_t n = read_piece(r, CHUNK, at);

		if (n < 0)
			return err_sys(e, ERR_NOBODY, "cannot read a file to digest it");
		if (n == 0)
			return err_set(e, ERR_NOBODY,
				       "a file became shorter while it was digested");
		if (n > end - at)
			n = (ssize_t)(end - at);
		sha256_add(r->hash, r->buf, (size_t)n);
		at += n;
		if (r->pace && r->pace(r->arg, n, e) != 0)
			return -1;
	}
	return 0;
}

static int add_hole(struct reading *r, int64_t at, int64_t end, struct err *e)
{
	memset(r->buf, 0, CHUNK);
	while (at < end) {
		int64_t n = end - at < CHUNK ? end - at : CHUNK;

		sha256_add(r->hash, r->buf, (size_t)n);
		at += n;
		if (r->pace && r->pace(r->arg, 0, e) != 0)
			return -1;
	}
	return 0;
}

/* Returns the offset of the first data at or after `at`, aligned down; the file's size if there is
 * none. */
static int64_t next_data(const struct reading *r, int64_t at)
{
	off_t found = lseek(r->fd, at, SEEK_DATA);

	if (found < 0)
		return errno == ENXIO ? r->size : at;
	found -= found % ALIGN;
	return found > at ? found : at;
}

/* Returns the end of the data at `at`, aligned up. */
static int64_t next_hole(const struct reading *r, int64_t at)
{
	off_t found = lseek(r->fd, at, SEEK_HOLE);

	if (found <= at)
		return r->size;
	found += (ALIGN - found % ALIGN) % ALIGN;
	return found < r->size ? found : r->size;
}

static int add_all(struct reading *r, struct err *e)
{
	int64_t at = 0;

	while (at < r->size) {
		int64_t data = next_data(r, at);
		int64_t end;

		data = data < r->size ? data : r->size;
		if (add_hole(r, at, data, e) < 0)
			return -1;
		if (data == r->size)
			break;
		end = next_hole(r, data);
		if (add_data(r, data, end, e) < 0)
			return -1;
		at = end;
	}
	return 0;
}

int digest_fd(int fd, digest_pace *pace, void *arg, char out[SHA256_HEX + 1], struct err *e)
{
	own_sha256 struct sha256 *hash = sha256_new();
	own_free void *buf = NULL;
	struct reading r = {.fd = fd, .hash = hash, .pace = pace, .arg = arg};
	struct stat st;

	if (!hash || posix_memalign(&buf, ALIGN, CHUNK) != 0)
		return err_set(e, ERR_NOBODY, "out of memory for a SHA-256");
	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_NOBODY, "cannot stat a file to digest it");
	r.buf = buf;
	r.size = st.st_size;
	r.direct = (fcntl(fd, F_GETFL) & O_DIRECT) != 0;
	if (add_all(&r, e) < 0)
		return -1;
	sha256_final(hash, out);
	return 0;
}
