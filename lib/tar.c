/* tar: the format is ustar of POSIX.1-1988; sizes above 8 GiB are in base 256, as GNU tar writes
 * them. DIAGNOSTICS: ERR_USAGE for a damaged archive, ERR_NOBODY for a full disk. */
#include "lib/tar.h"

#include "lib/fs.h"
#include "lib/own.h"
#include "lib/sha.h"

#include <stdbool.h>
#include <string.h>

enum { CHUNK = 1 << 16, SUMS_MAX = 1 << 26, OCTAL_DIGITS = 11 };

/* The fields that we use: offset and length. */
enum {
	MODE_AT = 100, MODE_LEN = 8, SIZE_AT = 124, SIZE_LEN = 12, SUM_AT = 148, SUM_LEN = 8,
	TYPE_AT = 156, MAGIC_AT = 257, PREFIX_AT = 345,
};

static int64_t padding(int64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= TAR_NAME_MAX && name[0] != '.' && name[0] != '/' &&
	       !strstr(name, "/.") && !strstr(name, "//") && name[len - 1] != '/' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") ==
		       len;
}

/* The sum of the header's bytes, its own field read as blanks. */
static unsigned int sum_of(const unsigned char *header)
{
	unsigned int sum = 0;

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : header[i];
	return sum;
}

static void put_size(unsigned char *field, int64_t size)
{
	char octal[32];

	if (size < INT64_C(1) << (3 * OCTAL_DIGITS)) {
		snprintf(octal, sizeof(octal), "%011llo", (unsigned long long)size);
		memcpy(field, octal, OCTAL_DIGITS);
		return;
	}
	field[0] = 0x80;
	for (int i = SIZE_LEN - 1; i > 0; i--, size >>= 8)
		field[i] = (unsigned char)(size & 0xff);
}

static int put_header(const struct tar_out *t, const char *name, mode_t mode, int64_t size,
		      struct err *e)
{
	unsigned char header[TAR_BLOCK] = {0};
	char text[32];

	if (!is_name(name))
		return err_set(e, ERR_US, "%s is no name for an archive", name);
	memcpy(header, name, strlen(name));
	snprintf(text, sizeof(text), "%07o", (unsigned int)(mode & 0777));
	memcpy(header + MODE_AT, text, MODE_LEN);
	memcpy(header + 108, "0000000", 8); /* owner and group: root, for tar(1) */
	memcpy(header + 116, "0000000", 8);
	memcpy(header + 136, "00000000000", 12);
	put_size(header + SIZE_AT, size);
	header[TYPE_AT] = '0';
	memcpy(header + MAGIC_AT, "ustar\00000", 8);
	snprintf(text, sizeof(text), "%06o", sum_of(header));
	memcpy(header + SUM_AT, text, 7);
	header[SUM_AT + 7] = ' ';
	return fs_write_all(t->fd, header, sizeof(header)) == 0
		       ? 0 : err_sys(e, ERR_OPERATOR, "cannot write the archive");
}

int tar_begin(struct tar_out *t, int fd, struct err *e)
{
	*t = (struct tar_out){.fd = fd};
	t->sums = open_memstream(&t->text, &t->len);
	return t->sums ? 0 : err_set(e, ERR_NOBODY, "out of memory for an archive");
}

void tar_out_fini(struct tar_out *t)
{
	if (t->sums)
		fclose(t->sums);
	free(t->text);
	*t = (struct tar_out){.fd = -1};
}

static int pad(const struct tar_out *t, int64_t size, struct err *e)
{
	static const char zeros[TAR_BLOCK];

	return fs_write_all(t->fd, zeros, (size_t)padding(size)) == 0
		       ? 0 : err_sys(e, ERR_OPERATOR, "cannot write the archive");
}

/* Calls each() for the bytes of fd from `at` on. */
static int each_chunk(int fd, int64_t at, int64_t size,
		      int (*each)(void *arg, const char *data, size_t len, struct err *e),
		      void *arg, struct err *e)
{
	own_free char *buf = malloc(CHUNK);

	if (!buf)
		return err_set(e, ERR_NOBODY, "out of memory for an archive");
	while (size > 0) {
		size_t most = size < CHUNK ? (size_t)size : CHUNK;
		ssize_t n = fs_pread(fd, buf, most, at);

		if (n < 0)
			return err_sys(e, ERR_OPERATOR, "cannot read a file of the archive");
		if (n == 0)
			return err_set(e, ERR_USAGE, "the archive or one of its files is shorter "
						     "than it says");
		if (each(arg, buf, (size_t)n, e) < 0)
			return -1;
		at += n;
		size -= n;
	}
	return 0;
}

/* Where bytes go: to a file if it is not -1, and into a digest if it is not NULL. */
struct sink {
	int out;
	struct sha256 *hash;
};

static int sink_put(void *arg, const char *data, size_t len, struct err *e)
{
	const struct sink *s = arg;

	if (s->hash)
		sha256_add(s->hash, data, len);
	if (s->out >= 0 && fs_write_all(s->out, data, len) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write a file");
	return 0;
}

int tar_add_fd(struct tar_out *t, const char *name, mode_t mode, int in, int64_t size,
	       struct err *e)
{
	own_sha256 struct sha256 *hash = sha256_new();
	struct sink s = {t->fd, hash};
	char digest[SHA256_HEX + 1];

	if (!hash)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	if (put_header(t, name, mode, size, e) < 0 ||
	    each_chunk(in, 0, size, sink_put, &s, e) < 0 || pad(t, size, e) < 0)
		return -1;
	sha256_final(hash, digest);
	fprintf(t->sums, "%s  %s\n", digest, name);
	t->files++;
	return 0;
}

int tar_add(struct tar_out *t, const char *name, mode_t mode, const void *data, size_t len,
	    struct err *e)
{
	char digest[SHA256_HEX + 1];

	if (sha256_buffer(data, len, digest, e) < 0 ||
	    put_header(t, name, mode, (int64_t)len, e) < 0)
		return -1;
	if (fs_write_all(t->fd, data, len) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write the archive");
	fprintf(t->sums, "%s  %s\n", digest, name);
	t->files++;
	return pad(t, (int64_t)len, e);
}

int tar_end(struct tar_out *t, struct err *e)
{
	static const char zeros[2 * TAR_BLOCK];

	if (fflush(t->sums) != 0)
		return err_set(e, ERR_NOBODY, "out of memory for an archive");
	if (put_header(t, TAR_SUMS, 0644, (int64_t)t->len, e) < 0)
		return -1;
	if (fs_write_all(t->fd, t->text, t->len) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write the archive");
	if (pad(t, (int64_t)t->len, e) < 0)
		return -1;
	return fs_write_all(t->fd, zeros, sizeof(zeros)) == 0
		       ? 0 : err_sys(e, ERR_OPERATOR, "cannot write the archive");
}

static bool get_octal(const unsigned char *field, int len, int64_t *out)
{
	int i = 0;

	*out = 0;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		*out = *out * 8 + (field[i] - '0');
	return i > 0 && (i == len || field[i] == '\0' || field[i] == ' ');
}

static bool get_size(const unsigned char *field, int64_t *out)
{
	if (field[0] != 0x80)
		return get_octal(field, SIZE_LEN, out);
	*out = 0;
	for (int i = 1; i < SIZE_LEN; i++) {
		if (*out >> 55)
			return false;
		*out = *out << 8 | field[i];
	}
	return true;
}

static int damaged(struct err *e, int64_t at, const char *how)
{
	return err_set(e, ERR_USAGE, "it is damaged, or not a backup of hornero's: %s at byte %lld",
		       how, (long long)at);
}

int tar_next(int fd, struct tar_member *m, struct err *e)
{
	static const unsigned char zeros[TAR_BLOCK];
	unsigned char header[TAR_BLOCK];
	const int64_t at = m->next;
	int64_t sum, mode;
	struct stat st;
	ssize_t n = fs_pread(fd, header, sizeof(header), at);

	if (n < 0 || fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot read the archive");
	if (n < TAR_BLOCK)
		return damaged(e, at, "it ends");
	if (memcmp(header, zeros, sizeof(header)) == 0)
		return 0;
	if (memcmp(header + MAGIC_AT, "ustar", 5) != 0 ||
	    !get_octal(header + SUM_AT, SUM_LEN, &sum) || sum != sum_of(header))
		return damaged(e, at, "there is no header");
	if (header[TYPE_AT] != '0' || header[TAR_NAME_MAX] != '\0' || header[PREFIX_AT] != '\0' ||
	    !is_name((const char *)header) || !get_octal(header + MODE_AT, MODE_LEN, &mode) ||
	    !get_size(header + SIZE_AT, &m->size))
		return damaged(e, at, "a member is not one of ours");
	if (m->size > st.st_size - at - TAR_BLOCK)
		return damaged(e, at, "a member is cut off");
	memcpy(m->name, header, sizeof(m->name));
	m->mode = (mode_t)(mode & 0777);
	m->at = at + TAR_BLOCK;
	m->next = m->at + m->size + padding(m->size);
	return 1;
}

int tar_find(int fd, const char *name, struct tar_member *m, struct err *e)
{
	int r;

	*m = (struct tar_member)TAR_FIRST;
	while ((r = tar_next(fd, m, e)) == 1)
		if (strcmp(m->name, name) == 0)
			return 1;
	return r;
}

int tar_read(int fd, const struct tar_member *m, size_t max, char **buf, struct err *e)
{
	own_free char *text = NULL;
	ssize_t n;

	if (m->size > (int64_t)max)
		return err_set(e, ERR_USAGE, "%s in it is too large", m->name);
	text = malloc((size_t)m->size + 1);
	if (!text)
		return err_set(e, ERR_NOBODY, "out of memory for %s", m->name);
	n = fs_pread(fd, text, (size_t)m->size, m->at);
	if (n != m->size)
		return damaged(e, m->at, "a member is cut off");
	text[n] = '\0';
	*buf = steal_ptr(&text);
	return 0;
}

int tar_extract(int fd, const struct tar_member *m, int out, struct err *e)
{
	struct sink s = {out, NULL};

	return each_chunk(fd, m->at, m->size, sink_put, &s, e);
}

/* Appends the line of one member, as TAR_SUMS should have it. */
static int add_sum(FILE *sums, int fd, const struct tar_member *m, struct err *e)
{
	own_sha256 struct sha256 *hash = sha256_new();
	struct sink s = {-1, hash};
	char digest[SHA256_HEX + 1];

	if (!hash)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	if (each_chunk(fd, m->at, m->size, sink_put, &s, e) < 0)
		return -1;
	sha256_final(hash, digest);
	fprintf(sums, "%s  %s\n", digest, m->name);
	return 0;
}

static int compare(int fd, const struct tar_member *m, const char *want, struct err *e)
{
	own_free char *have = NULL;
	struct tar_member after = *m;
	int r;

	if (tar_read(fd, m, SUMS_MAX, &have, e) < 0)
		return -1;
	if (strcmp(have, want) != 0)
		return damaged(e, m->at, "a file does not match its SHA-256");
	r = tar_next(fd, &after, e);
	return r > 0 ? damaged(e, m->next, "a member follows " TAR_SUMS) : r;
}

int tar_check(int fd, struct err *e)
{
	struct tar_member m = TAR_FIRST;
	own_free char *text = NULL;
	size_t len = 0;
	FILE *sums = open_memstream(&text, &len);
	int r = 1;

	if (!sums)
		return err_set(e, ERR_NOBODY, "out of memory for an archive");
	while (r == 1 && (r = tar_next(fd, &m, e)) == 1 && strcmp(m.name, TAR_SUMS) != 0)
		r = add_sum(sums, fd, &m, e) < 0 ? -1 : 1;
	if (fclose(sums) != 0)
		return err_set(e, ERR_NOBODY, "out of memory for an archive");
	if (r == 0)
		return damaged(e, m.next, "it ends without " TAR_SUMS);
	return r < 0 ? -1 : compare(fd, &m, text, e);
}
