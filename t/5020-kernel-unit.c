/* kernel: which kernels GRUB starts, and hostile ones. Every read is within the bytes given: the
 * buffers here are as long as the file, so that `make check-asan` sees a read beyond. Red without:
 * check_header (phoff, shnum), check_segment, check_overlaps, has_entry. */
#include "agent/sandboxed/kernel2disk/kernel.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 8192, HEADER_AT = 512, CODE_AT = 4096 };

struct file {
	Elf32_Ehdr h;
	Elf32_Phdr p[3];
};

static void put(unsigned char *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v));
}

/* A kernel that is right: one segment, an empty one, and a stack. */
static void begin(struct file *f)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->h.e_ident, ELFMAG, SELFMAG);
	f->h.e_ident[EI_CLASS] = ELFCLASS32;
	f->h.e_ident[EI_DATA] = ELFDATA2LSB;
	f->h.e_ident[EI_VERSION] = EV_CURRENT;
	f->h.e_type = ET_EXEC;
	f->h.e_machine = EM_386;
	f->h.e_version = EV_CURRENT;
	f->h.e_entry = 0x100010;
	f->h.e_phoff = sizeof(f->h);
	f->h.e_phentsize = sizeof(f->p[0]);
	f->h.e_phnum = 3;
	f->p[0] = (Elf32_Phdr){PT_LOAD, CODE_AT, 0x100000, 0x100000, 4096, 8192, PF_X, 4096};
	f->p[1] = (Elf32_Phdr){PT_LOAD, 0, 0, 0, 0, 0, 0, 4096};
	f->p[2] = (Elf32_Phdr){PT_GNU_STACK, 0, 0, 0, 0, 0, 0, 0};
}

static int look(const struct file *f, size_t len, struct kernel *k, struct err *e)
{
	unsigned char *head = calloc(1, SIZE);
	unsigned char *file = malloc(len + 1);
	int rc;

	assert_true(head && file && len <= SIZE);
	memcpy(head, f, sizeof(*f));
	put(head + HEADER_AT, 0x1badb002);
	put(head + HEADER_AT + 8, -0x1badb002U);
	file = realloc(file, len ? len : 1);
	memcpy(file, head, len);
	rc = kernel_look(file, len, len, k, e);
	free(file);
	free(head);
	return rc;
}

static void refused(const struct file *f, size_t len, const char *message)
{
	struct kernel k;
	struct err e = ERR_INIT;

	if (look(f, len, &k, &e) == 0)
		fail_msg("accepted, not: %s", message);
	assert_int_equal(e.class, ERR_PUSHER);
	if (!strstr(e.msg, message))
		fail_msg("\"%s\" does not hold \"%s\"", e.msg, message);
}

static void a_right_one(void **state)
{
	struct file f;
	struct kernel k;
	struct err e = ERR_INIT;

	(void)state;
	begin(&f);
	if (look(&f, SIZE, &k, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(k.type, KERNEL_MULTIBOOT);
	assert_int_equal(k.n_empty, 1);
	assert_int_equal(k.empty[0], sizeof(f.h) + sizeof(f.p[0]));
}

static void cut_off(void **state)
{
	struct file f;

	(void)state;
	begin(&f);
	refused(&f, 0, "no kernel that GRUB starts");
	refused(&f, 60, "without a multiboot header");
	refused(&f, HEADER_AT + 11, "without a multiboot header");
	refused(&f, CODE_AT, "segment 0 of the kernel ends beyond the end of the file");
	for (size_t len = 0; len < SIZE; len++) {
		struct kernel k;
		struct err e = ERR_INIT;

		assert_int_equal(look(&f, len, &k, &e), -1);
		assert_int_equal(e.class, ERR_PUSHER);
	}
}

static void huge_counts(void **state)
{
	struct file f;

	(void)state;
	begin(&f);
	f.h.e_phnum = 65535;
	refused(&f, SIZE, "has 65535 program headers; at most 256");
	begin(&f);
	f.h.e_phoff = UINT32_MAX;
	refused(&f, SIZE, "not in its first 8192 bytes");
	begin(&f);
	f.h.e_phoff = SIZE - 40;
	refused(&f, SIZE, "not in its first 8192 bytes");
	begin(&f);
	f.h.e_phentsize = 1;
	refused(&f, SIZE, "names 3 program headers of 1 bytes; 32 bytes are right");
	begin(&f);
	f.h.e_phnum = 0;
	refused(&f, SIZE, "names 0 program headers");
	begin(&f);
	f.h.e_shnum = 65535;
	f.h.e_shentsize = 65535;
	refused(&f, SIZE, "65535 section headers are beyond the end");
	begin(&f);
	f.h.e_shoff = UINT32_MAX;
	f.h.e_shnum = 1;
	refused(&f, SIZE, "1 section headers are beyond the end");
}

static void bad_segments(void **state)
{
	struct file f;

	(void)state;
	begin(&f);
	f.p[0].p_offset = UINT32_MAX;
	refused(&f, SIZE, "ends beyond the end");
	begin(&f);
	f.p[0].p_memsz = 1;
	refused(&f, SIZE, "more bytes in the file than in memory");
	begin(&f);
	f.p[0].p_paddr = 0xffffff00;
	refused(&f, SIZE, "loaded at 0xffffff00, beyond 4 GiB");
	begin(&f);
	f.p[1] = f.p[0];
	f.p[1].p_paddr += 8191;
	refused(&f, SIZE, "overlap at 0x101fff");
	f.p[1].p_paddr++;
	f.h.e_entry = 0x99;
	refused(&f, SIZE, "entry point 0x99 is in none");
}

static void other_machines(void **state)
{
	struct file f;

	(void)state;
	begin(&f);
	f.h.e_machine = EM_AARCH64;
	refused(&f, SIZE, "for machine 183, which is not x86");
	begin(&f);
	f.h.e_type = ET_DYN;
	refused(&f, SIZE, "of type 3; GRUB loads only");
	begin(&f);
	f.h.e_ident[EI_DATA] = ELFDATA2MSB;
	refused(&f, SIZE, "unknown class or byte order");
	begin(&f);
	f.h.e_ident[EI_CLASS] = ELFCLASS64;
	refused(&f, SIZE, "for machine");
}

/* A file of `size` zeros with these words at 512. */
static int look_at_words(const uint32_t *words, size_t n, uint64_t size, struct kernel *k,
			 struct err *e)
{
	unsigned char head[1024] = {0};

	for (size_t i = 0; i < n; i++)
		put(head + HEADER_AT + 4 * i, words[i]);
	return kernel_look(head, sizeof(head), size, k, e);
}

static void refused_words(const uint32_t *words, size_t n, const char *message)
{
	struct kernel k;
	struct err e = ERR_INIT;

	if (look_at_words(words, n, 1024, &k, &e) == 0)
		fail_msg("accepted, not: %s", message);
	assert_int_equal(e.class, ERR_PUSHER);
	if (!strstr(e.msg, message))
		fail_msg("\"%s\" does not hold \"%s\"", e.msg, message);
}
#define REFUSED(message, ...) \
	refused_words((const uint32_t[]){__VA_ARGS__}, \
		      sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), message)
#define MB2(arch) 0xe85250d6, arch, 0, -0xe85250d6U - (arch)
#define ADDRESSES 2, 24, 0x100000, 0x100000, 0, 0
#define ENTRY 3, 12, 0x100000, 0

/* Red without header_mb2: GRUB says "unsupported tag", or looks at one tag for ever. */
static void multiboot2_tags(void **state)
{
	const uint32_t right[] = {MB2(0), 99 | 1 << 16, 9, 0, 0, ADDRESSES, ENTRY, 1, 12, 21, 0,
				  0, 8};
	struct kernel k;
	struct err e = ERR_INIT;

	(void)state;
	if (look_at_words(right, sizeof(right) / 4, 1024, &k, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(k.type, KERNEL_MULTIBOOT2);
	REFUSED("neither an ELF", MB2(4), ADDRESSES, ENTRY, 0, 8);
	REFUSED("does not say where it is loaded", MB2(0), 0, 8);
	REFUSED("an address tag and no entry tag", MB2(0), ADDRESSES, 0, 8);
	REFUSED("a tag of type 99", MB2(0), ADDRESSES, ENTRY, 99, 8, 0, 8);
	REFUSED("demands the information 999", MB2(0), 1, 16, 3, 999, 0, 8);
	REFUSED("have no end", MB2(0), 99 | 1 << 16, 0, 0, 8);
	REFUSED("have no end", MB2(0), 99 | 1 << 16, 7, 0, 8);
	REFUSED("have no end", MB2(0), 99 | 1 << 16, UINT32_MAX, 0, 8);
	REFUSED("have no end", MB2(0), 99 | 1 << 16, 1024 - HEADER_AT - 16);
}

#define MB1(flags) 0x1badb002, flags, -0x1badb002U - (flags)

/* Red without header_mb1: GRUB says "address is out of range". */
static void multiboot_addresses(void **state)
{
	const uint32_t right[] = {MB1(1 << 16 | 4), 0x100200, 0x100000, 0x100400, 0x200000,
				  0x100210, 1};
	struct kernel k;
	struct err e = ERR_INIT;

	(void)state;
	if (look_at_words(right, sizeof(right) / 4, 1024, &k, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(k.type, KERNEL_MULTIBOOT);
	REFUSED("does not say where it is loaded", MB1(0));
	REFUSED("demands features (flags 0x8)", MB1(8));
	REFUSED("the graphical mode type 2", MB1(4), 0, 0, 0, 0, 0, 2);
	REFUSED("do not fit the file", MB1(1 << 16), 0x100000, 0x100001);
	REFUSED("do not fit the file", MB1(1 << 16), 0x100201, 0x100000);
	REFUSED("do not fit the file", MB1(1 << 16), 0x100200, 0x100000, 0xfffff);
	REFUSED("do not fit the file", MB1(1 << 16), 0x100200, 0x100000, 0x100400, 0x1003ff);
	REFUSED("an end beyond that of the file", MB1(1 << 16), 0x100200, 0x100000, 0x100401);
}

/* Red without header_linux: half a kernel became a disk that does not boot. */
static void linux_kernels(void **state)
{
	unsigned char head[1024] = {0};
	struct kernel k;
	struct err e = ERR_INIT;

	(void)state;
	memcpy(head + 0x202, "HdrS", 4);
	head[0x1fe] = 0x55;
	head[0x1ff] = 0xaa;
	head[0x206] = 4;
	head[0x207] = 2;
	head[0x211] = 1;
	head[0x1f1] = 0; /* means 4 */
	put(head + 0x1f4, 100);
	assert_int_equal(kernel_look(head, sizeof(head), 2560 + 1600, &k, &e), 0);
	assert_int_equal(k.type, KERNEL_LINUX);
	assert_int_equal(kernel_look(head, sizeof(head), 2560 + 1599, &k, &e), -1);
	assert_non_null(strstr(e.msg, "its header says 4160; it is cut off"));
	assert_int_equal(kernel_look(head, sizeof(head), 1024, &k, &e), -1);
	head[0x1f1] = 65;
	assert_int_equal(kernel_look(head, sizeof(head), 1 << 20, &k, &e), -1);
	assert_non_null(strstr(e.msg, "65 setup sectors"));
	head[0x1f1] = 64;
	assert_int_equal(kernel_look(head, sizeof(head), 1 << 20, &k, &e), 0);
	head[0x211] = 0;
	assert_int_equal(kernel_look(head, sizeof(head), 1 << 20, &k, &e), -1);
	head[0x211] = 1;
	head[0x206] = 2;
	assert_int_equal(kernel_look(head, sizeof(head), 1 << 20, &k, &e), -1);
	assert_non_null(strstr(e.msg, "older than 2.03"));
	assert_int_equal(kernel_look(head, 0x206, 0x206, &k, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_one),	 cmocka_unit_test(cut_off),
		cmocka_unit_test(huge_counts),	 cmocka_unit_test(bad_segments),
		cmocka_unit_test(other_machines), cmocka_unit_test(linux_kernels),
		cmocka_unit_test(multiboot2_tags), cmocka_unit_test(multiboot_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
