/* treeindex: DIAGNOSTICS: ERR_OPERATOR if the record cannot be written, ERR_NOBODY if the disk is
 * full. A record that is damaged, or from another boot or another version of hornero, counts as
 * none. */
#include "agent/sandboxed/checkout/treeindex.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define STAGING "." TREEINDEX_NAME ".tmp"

static const char magic[8] = "horntre2";

/* Unused bytes are zero: the struct is written to the file as it is. */
struct head {
	char magic[8];
	char boot[40];
	char tree[72];
	char rules[80];
	uint64_t size; /* of the records after the head */
	uint32_t crc;  /* of the records, continuing that of the fields above */
	uint32_t zero;
};

/* mode 0 ends a directory. The len bytes of the name follow. */
struct record {
	struct treeindex_stat st;
	uint32_t mode;
	uint32_t len;
	unsigned char id[TREEINDEX_ID];
	uint32_t zero;
};
_Static_assert(sizeof(struct head) == 8 + 40 + 72 + 80 + 8 + 4 + 4, "no padding goes to the file");
_Static_assert(sizeof(struct treeindex_stat) == 40 &&
		       sizeof(struct record) == 40 + 8 + TREEINDEX_ID + 4,
	       "the same; of the stat the last four bytes are padding, and zero");

static uint32_t add_crc(uint32_t crc, const void *data, size_t len)
{
	return (uint32_t)crc32(crc, data, (unsigned int)len);
}

static uint32_t head_crc(const struct head *h)
{
	return add_crc((uint32_t)crc32(0, NULL, 0), h, offsetof(struct head, crc));
}

/* Adds the records to the checksum. Returns false if their size differs from the head's. */
static bool sum_records(FILE *f, const struct head *h, uint32_t *crc)
{
	char buf[16384];
	uint64_t left = h->size;
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
		if (n > left)
			return false;
		left -= n;
		*crc = add_crc(*crc, buf, n);
	}
	return left == 0 && !ferror(f);
}

bool treeindex_begin(struct treeindex_in *in, FILE *f, int64_t stamp_ns, const char *boot)
{
	struct head h;
	uint32_t crc;

	*in = (struct treeindex_in){.f = f, .stamp_ns = stamp_ns, .at = TREEINDEX_UNREAD};
	if (*boot == '\0' || fread(&h, sizeof(h), 1, f) != 1 ||
	    memcmp(h.magic, magic, sizeof(magic)) != 0)
		return false;
	if (h.boot[sizeof(h.boot) - 1] || h.tree[TREEINDEX_HEX_MAX] ||
	    h.rules[TREEINDEX_RULES_MAX] || strcmp(h.boot, boot) != 0)
		return false;
	crc = head_crc(&h);
	if (h.zero != 0 || !sum_records(f, &h, &crc) || crc != h.crc ||
	    fseek(f, sizeof(h), SEEK_SET) < 0)
		return false;
	memcpy(in->tree, h.tree, sizeof(in->tree));
	memcpy(in->rules, h.rules, sizeof(in->rules));
	return true;
}

bool treeindex_open(struct treeindex_in *in, int work, const char *boot)
{
	own_fd int fd = fs_open_beneath(work, TREEINDEX_NAME, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	FILE *f;

	*in = (struct treeindex_in){.f = NULL};
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	f = fdopen(fd, "r");
	if (!f)
		return false;
	(void)steal_fd(&fd);
	return treeindex_begin(in, f, treeindex_stat_of(&st).mtime_ns, boot);
}

void treeindex_close(struct treeindex_in *in)
{
	if (in->f)
		fclose(in->f);
	in->f = NULL;
}

static bool read_entry(struct treeindex_in *in)
{
	struct treeindex_entry *e = &in->e;
	struct record r;

	if (fread_unlocked(&r, sizeof(r), 1, in->f) != 1) {
		in->at = TREEINDEX_END;
		return in->depth == 0 && feof(in->f);
	}
	if (r.mode == 0) {
		in->at = TREEINDEX_END;
		return in->depth > 0 && r.len == 0;
	}
	/* The parentheses avoid glibc's macro of that name, which warns of a conversion if nothing
	 * is fortified (--enable-asan). */
	if (r.len == 0 || r.len >= sizeof(e->name) ||
	    (fread_unlocked)(e->name, 1, r.len, in->f) != r.len)
		return false;
	e->name[r.len] = '\0';
	if (strlen(e->name) != r.len || strchr(e->name, '/') || strcmp(e->name, ".") == 0 ||
	    strcmp(e->name, "..") == 0)
		return false;
	e->st = r.st;
	e->mode = r.mode;
	e->len = r.len;
	memcpy(e->id, r.id, sizeof(e->id));
	in->at = TREEINDEX_HERE;
	return !S_ISDIR(e->mode) || in->depth < TREEINDEX_DEPTH_MAX;
}

const struct treeindex_entry *treeindex_peek(struct treeindex_in *in)
{
	if (!in->broken && in->at == TREEINDEX_UNREAD)
		in->broken = !read_entry(in);
	return !in->broken && in->at == TREEINDEX_HERE ? &in->e : NULL;
}

void treeindex_next(struct treeindex_in *in)
{
	if (S_ISDIR(in->e.mode))
		in->depth++;
	in->at = TREEINDEX_UNREAD;
}

void treeindex_leave(struct treeindex_in *in)
{
	if (in->at != TREEINDEX_END || in->depth == 0)
		in->broken = true;
	in->depth--;
	in->at = TREEINDEX_UNREAD;
}

bool treeindex_is_racy(const struct treeindex_in *in, const struct treeindex_stat *st)
{
	return st->ctime_ns >= in->stamp_ns;
}

int treeindex_create(struct treeindex_out *out, int work, struct err *e)
{
	const struct head h = {.size = 0};
	int fd;

	*out = (struct treeindex_out){.work = work, .crc = 0};
	if (fs_remove_tree(work, STAGING, e) < 0)
		return -1;
	fd = fs_open_beneath(work, STAGING, O_RDWR | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write %s", STAGING);
	out->f = fdopen(fd, "w+");
	if (!out->f) {
		close(fd);
		return err_set(e, ERR_NOBODY, "out of memory for %s", STAGING);
	}
	fwrite(&h, sizeof(h), 1, out->f);
	return 0;
}

static void put(struct treeindex_out *out, const void *data, size_t len)
{
	fwrite_unlocked(data, 1, len, out->f);
	out->crc = add_crc(out->crc, data, len);
	out->size += len;
}

void treeindex_add(struct treeindex_out *out, uint32_t mode, const unsigned char *id,
		   const char *name, size_t len, const struct treeindex_stat *st)
{
	struct record r;

	memset(&r, 0, sizeof(r));
	r.mode = mode;
	r.len = (uint32_t)len;
	memcpy(r.id, id, sizeof(r.id));
	if (st)
		memcpy(&r.st, st, sizeof(r.st));
	put(out, &r, sizeof(r));
	put(out, name, len);
}

void treeindex_up(struct treeindex_out *out)
{
	const struct record r = {.mode = 0};

	put(out, &r, sizeof(r));
}

/* The head holds the checksum of everything, so it is written last, over the empty one. */
int treeindex_finish(struct treeindex_out *out, const char *boot, const char *tree,
		     const char *rules, struct err *e)
{
	struct head h;

	memset(&h, 0, sizeof(h));
	memcpy(h.magic, magic, sizeof(magic));
	snprintf(h.boot, sizeof(h.boot), "%s", boot);
	snprintf(h.tree, sizeof(h.tree), "%s", tree);
	snprintf(h.rules, sizeof(h.rules), "%s", rules);
	h.size = out->size;
	h.crc = (uint32_t)crc32_combine(head_crc(&h), out->crc, (z_off_t)out->size);
	if (fseek(out->f, 0, SEEK_SET) < 0 || fwrite(&h, sizeof(h), 1, out->f) != 1 ||
	    fflush(out->f) != 0 || ferror(out->f) ||
	    FAILSTEP("treeindex-rename",
		     renameat(out->work, STAGING, out->work, TREEINDEX_NAME)) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write %s", TREEINDEX_NAME);
	treeindex_abandon(out);
	return 0;
}

void treeindex_abandon(struct treeindex_out *out)
{
	if (out->f)
		fclose(out->f);
	out->f = NULL;
}

static int64_t ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

struct treeindex_stat treeindex_stat_of(const struct stat *st)
{
	struct treeindex_stat s;

	memset(&s, 0, sizeof(s));
	s.size = (uint64_t)st->st_size;
	s.ino = st->st_ino;
	s.mtime_ns = ns(&st->st_mtim);
	s.ctime_ns = ns(&st->st_ctim);
	s.mode = st->st_mode;
	return s;
}

bool treeindex_same(const struct treeindex_stat *a, const struct treeindex_stat *b)
{
	return a->size == b->size && a->ino == b->ino && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns && a->mode == b->mode;
}
