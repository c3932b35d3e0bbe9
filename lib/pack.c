/* pack: DIAGNOSTICS: see pack.h. */
#include "lib/pack.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <stdbool.h>
#include <zstd.h>

enum { LEVEL = 3, CHUNK = 1 << 16 };

/* Compresses one chunk, and the end of the file if it is empty. */
static int pack_chunk(ZSTD_CCtx *z, const char *data, size_t len, int out, char *buf,
		      struct err *e)
{
	ZSTD_EndDirective how = len ? ZSTD_e_continue : ZSTD_e_end;
	ZSTD_inBuffer from = {data, len, 0};
	size_t left;

	do {
		ZSTD_outBuffer to = {buf, CHUNK, 0};

		left = ZSTD_compressStream2(z, &to, &from, how);
		if (ZSTD_isError(left))
			return err_set(e, ERR_US, "cannot compress: %s", ZSTD_getErrorName(left));
		if (fs_write_all(out, buf, to.pos) < 0)
			return err_sys(e, ERR_OPERATOR, "cannot write a compressed file");
	} while (how == ZSTD_e_end ? left > 0 : from.pos < from.size);
	return 0;
}

int pack_file(int in, int out, struct err *e)
{
	own_free char *data = malloc(CHUNK), *buf = malloc(CHUNK);
	ZSTD_CCtx *z = ZSTD_createCCtx();
	int64_t at = 0;
	ssize_t n = 1;
	int r = 0;

	if (!data || !buf || !z)
		r = err_set(e, ERR_NOBODY, "out of memory to compress a file");
	else
		ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL);
	if (z)
		ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	while (r == 0 && n > 0) {
		n = fs_pread(in, data, CHUNK, at);
		r = n < 0 ? err_sys(e, ERR_OPERATOR, "cannot read a file to compress")
			  : pack_chunk(z, data, (size_t)n, out, buf, e);
		at += n;
	}
	ZSTD_freeCCtx(z);
	return r;
}

struct unpack {
	int fd;
	int64_t at;
	ZSTD_DCtx *z;
	ZSTD_inBuffer from;
	size_t hint; /* 0 between two frames */
	char data[CHUNK];
};

struct unpack *unpack_new(int fd, struct err *e)
{
	struct unpack *u = calloc(1, sizeof(*u));

	if (u)
		u->z = ZSTD_createDCtx();
	if (u && u->z) {
		u->fd = fd;
		u->from.src = u->data;
		return u;
	}
	free(u);
	err_set(e, ERR_NOBODY, "out of memory to read a compressed file");
	return NULL;
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	ZSTD_freeDCtx(u->z);
	free(u);
}

ssize_t unpack_read(void *arg, char *buf, size_t size)
{
	struct unpack *u = arg;
	ZSTD_outBuffer to = {buf, size, 0};

	while (to.pos == 0) {
		bool end = false;

		if (u->from.pos == u->from.size) {
			ssize_t n = fs_pread(u->fd, u->data, CHUNK, u->at);

			if (n < 0)
				return -1;
			end = n == 0;
			u->at += n;
			u->from.size = (size_t)n;
			u->from.pos = 0;
		}
		if (end && u->hint == 0)
			return 0;
		u->hint = ZSTD_decompressStream(u->z, &to, &u->from);
		/* At the end of a file that was cut off, it makes no progress. */
		if (ZSTD_isError(u->hint) || (end && to.pos == 0)) {
			errno = EBADMSG;
			return -1;
		}
	}
	return (ssize_t)to.pos;
}
