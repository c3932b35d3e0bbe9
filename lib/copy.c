/* copy: DIAGNOSTICS: ERR_NOBODY if the disk is full or fails. The caller removes the partial
 * copy. */
#include "lib/copy.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
	ALIGN = 4096,            /* a multiple of every block device's logical block */
	CHUNK = 1048576,         /* stays in the processor's cache from read to write */
	DIRECT_MIN = 8 * 1048576, /* below this size buffered writes and O_DIRECT cost the same */
};

struct copy {
	int in, out;
	int64_t size;
	char *buf; /* CHUNK bytes, aligned */
	bool may_direct, is_direct, was_direct;
};

static void set_direct(struct copy *c, bool on)
{
	int flags;

	if (c->is_direct == on)
		return;
	flags = fcntl(c->out, F_GETFL);
	if (flags >= 0 && fcntl(c->out, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0)
		c->is_direct = on;
	else if (on)
		c->may_direct = false;
}

static int write_full(struct copy *c, size_t len, int64_t at)
{
	size_t used = 0;

	while (used < len) {
		ssize_t n = pwrite(c->out, c->buf + used, len - used, at + (int64_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		/* Some filesystems accept the flag and refuse the write, or write a part that
		 * leaves the rest unaligned. */
		if (c->is_direct && ((n < 0 && errno == EINVAL) || (n > 0 && n % ALIGN != 0))) {
			c->may_direct = false;
			set_direct(c, false);
			n = n < 0 ? 0 : n;
		}
		if (n < 0)
			return -1;
		used += (size_t)n;
	}
	return 0;
}

/* Copies one chunk. Pads the end of the file to a whole block; copy_file cuts the padding off. */
static int copy_chunk(struct copy *c, int64_t at, size_t len, struct err *e)
{
	ssize_t got = fs_pread(c->in, c->buf, len, at);
	size_t whole;

	if (got < 0)
		return err_sys(e, ERR_NOBODY, "cannot read the artifact");
	if ((size_t)got < len)
		return err_set(e, ERR_NOBODY, "the artifact became shorter while it was copied");
	whole = (len + ALIGN - 1) / ALIGN * ALIGN;
	if (c->is_direct && whole > len)
		memset(c->buf + len, 0, whole - len);
	if (write_full(c, c->is_direct ? whole : len, at) < 0)
		return err_sys(e, ERR_NOBODY, "cannot write the copy of the artifact");
	return 0;
}

static int copy_extent(struct copy *c, int64_t at, int64_t end, copy_stop *stop, void *arg,
		       struct err *e)
{
	at = at / ALIGN * ALIGN;
	set_direct(c, c->may_direct && end - at >= DIRECT_MIN);
	c->was_direct |= c->is_direct;
	while (at < end) {
		size_t len = end - at > CHUNK ? CHUNK : (size_t)(end - at);

		if (stop && stop(arg, e) < 0)
			return -1;
		if (copy_chunk(c, at, len, e) < 0)
			return -1;
		at += (int64_t)len;
	}
	return 0;
}

/* Finds the next extent with data at or after *at. Returns false at the end of the file. On a
 * filesystem without holes the whole file is one extent. */
static bool next_extent(const struct copy *c, int64_t *at, int64_t *end)
{
	off_t data, hole;

	if (*at >= c->size)
		return false;
	data = lseek(c->in, *at, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return false;
	if (data < 0)
		data = *at;
	hole = lseek(c->in, data, SEEK_HOLE);
	*at = data;
	*end = hole < 0 || hole > c->size ? c->size : hole;
	return *at < c->size;
}

static int copy_extents(struct copy *c, copy_stop *stop, void *arg, struct err *e)
{
	off_t before = lseek(c->in, 0, SEEK_CUR);
	int64_t at = 0;
	int64_t end = 0;
	int rc = 0;

	while (rc == 0 && next_extent(c, &at, &end)) {
		rc = copy_extent(c, at, end, stop, arg, e);
		at = end;
	}
	set_direct(c, false);
	lseek(c->in, before, SEEK_SET);
	return rc;
}

int copy_file(int in, int out, int64_t size, copy_stop *stop, void *arg, enum copy_way *way,
	      struct err *e)
{
	struct copy c = {.in = in, .out = out, .size = size, .may_direct = true};
	own_free void *buf = NULL;

	if (ioctl(out, FICLONE, in) == 0) {
		*way = COPY_REFLINK;
	} else {
		if (posix_memalign(&buf, ALIGN, CHUNK) != 0)
			return err_set(e, ERR_NOBODY, "out of memory for a copy");
		c.buf = buf;
		/* Set the length first: each O_DIRECT write that extends a file waits for its
		 * inode. */
		if (FAILSTEP("copy-extend", ftruncate(out, size)) < 0)
			return err_sys(e, ERR_NOBODY, "cannot set the length of the copy");
		if (copy_extents(&c, stop, arg, e) < 0)
			return -1;
		*way = c.was_direct ? COPY_DIRECT : COPY_BUFFERED;
	}
	if (FAILSTEP("copy-truncate", ftruncate(out, size)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot set the length of the copy");
	return 0;
}

const char *copy_way_name(enum copy_way way)
{
	static const char *const names[] = {
		[COPY_REFLINK] = "reflink", [COPY_DIRECT] = "direct", [COPY_BUFFERED] = "buffered",
	};

	return names[way];
}
