/* kernel: DIAGNOSTICS: ERR_PUSHER. */
#include "agent/sandboxed/kernel2disk/kernel.h"

#include "agent/sandboxed/kernel2disk/header.h"

#include <elf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Multiboot Specification 0.6.96 and 2.0. */
enum { MB1_MAGIC = 0x1badb002, MB1_SEARCH = 8192, MB2_SEARCH = 32768, MB2_I386 = 0 };
#define MB2_MAGIC 0xe85250d6U
#define ADDRESS_SPACE (UINT64_C(1) << 32) /* GRUB loads below 4 GiB */

struct segment {
	uint64_t address, end; /* physical */
};

/* The numbers of an ELF header and of one program header, of either class. */
struct elf {
	uint64_t entry, phoff, shoff;
	uint32_t type, machine, phentsize, phnum, shentsize, shnum;
};
struct program {
	uint32_t type;
	uint64_t offset, vaddr, paddr, filesz, memsz;
};

static uint32_t sum(const unsigned char *words, size_t n)
{
	uint32_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += header_le32(words + 4 * i);
	return all;
}

/* Returns the offset of the multiboot header, or -1. A header whose sum is wrong is none. */
static int64_t find_mb1(const unsigned char *head, size_t len)
{
	size_t end = len < MB1_SEARCH ? len : MB1_SEARCH;

	for (size_t i = 0; i + 12 <= end; i += 4)
		if (header_le32(head + i) == MB1_MAGIC && sum(head + i, 3) == 0)
			return (int64_t)i;
	return -1;
}

static int64_t find_mb2(const unsigned char *head, size_t len)
{
	size_t end = len < MB2_SEARCH ? len : MB2_SEARCH;

	for (size_t i = 0; i + 16 <= end; i += 8)
		if (header_le32(head + i) == MB2_MAGIC &&
		    header_le32(head + i + 4) == MB2_I386 && sum(head + i, 4) == 0)
			return (int64_t)i;
	return -1;
}

static bool is_elf(const unsigned char *head, size_t len)
{
	return len >= sizeof(Elf32_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0;
}

static bool is_linux(const unsigned char *head, size_t len)
{
	return len >= 0x264 && memcmp(head + 0x202, "HdrS", 4) == 0 && head[0x1fe] == 0x55 &&
	       head[0x1ff] == 0xaa;
}

/* memcpy, because nothing in the file is aligned. */
static void read_elf32(const unsigned char *head, struct elf *out)
{
	Elf32_Ehdr h;

	memcpy(&h, head, sizeof(h));
	*out = (struct elf){h.e_entry, h.e_phoff, h.e_shoff, h.e_type, h.e_machine, h.e_phentsize,
			    h.e_phnum, h.e_shentsize, h.e_shnum};
}

static void read_elf64(const unsigned char *head, struct elf *out)
{
	Elf64_Ehdr h;

	memcpy(&h, head, sizeof(h));
	*out = (struct elf){h.e_entry, h.e_phoff, h.e_shoff, h.e_type, h.e_machine, h.e_phentsize,
			    h.e_phnum, h.e_shentsize, h.e_shnum};
}

static void read_program(const unsigned char *at, bool wide, struct program *out)
{
	Elf32_Phdr p;
	Elf64_Phdr q;

	if (wide) {
		memcpy(&q, at, sizeof(q));
		*out = (struct program){q.p_type, q.p_offset, q.p_vaddr, q.p_paddr, q.p_filesz,
					q.p_memsz};
		return;
	}
	memcpy(&p, at, sizeof(p));
	*out = (struct program){p.p_type, p.p_offset, p.p_vaddr, p.p_paddr, p.p_filesz, p.p_memsz};
}

static int check_header(const struct elf *h, bool wide, uint64_t size, uint64_t search,
			struct err *e)
{
	const uint64_t phentsize = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (h->machine != (wide ? EM_X86_64 : EM_386))
		return err_set(e, ERR_PUSHER, "the kernel is an ELF for machine %" PRIu32 ", which "
			       "is not x86; build it for x86_64", h->machine);
	if (h->type != ET_EXEC)
		return err_set(e, ERR_PUSHER, "the kernel is an ELF of type %" PRIu32 "; GRUB "
			       "loads only executables at fixed addresses (type 2): link it with "
			       "-static -no-pie", h->type);
	if (h->phentsize != phentsize || h->phnum == 0)
		return err_set(e, ERR_PUSHER, "the kernel's ELF header names %" PRIu32 " program "
			       "headers of %" PRIu32 " bytes; %" PRIu64 " bytes are right, and one "
			       "header at least", h->phnum, h->phentsize, phentsize);
	if (h->phnum > KERNEL_SEGMENTS_MAX)
		return err_set(e, ERR_PUSHER, "the kernel has %" PRIu32 " program headers; at most "
			       "%d are accepted", h->phnum, KERNEL_SEGMENTS_MAX);
	/* phoff alone first: the sum must not overflow. */
	if (h->phoff > search || h->phoff + phentsize * h->phnum > search)
		return err_set(e, ERR_PUSHER, "the kernel's program headers are not in its first "
			       "%" PRIu64 " bytes, where GRUB looks for them; is the file cut off?",
			       search);
	if (h->shnum > 0 &&
	    (h->shoff > size || (uint64_t)h->shentsize * h->shnum > size - h->shoff))
		return err_set(e, ERR_PUSHER, "the kernel's %" PRIu32 " section headers are beyond "
			       "the end of the file (%" PRIu64 " bytes); it is cut off", h->shnum,
			       size);
	return 0;
}

static int check_segment(const struct program *p, uint32_t i, uint64_t size, struct err *e)
{
	if (p->offset > size || p->filesz > size - p->offset)
		return err_set(e, ERR_PUSHER, "segment %" PRIu32 " of the kernel ends beyond the "
			       "end of the file (%" PRIu64 " bytes); it is cut off", i, size);
	if (p->filesz > p->memsz)
		return err_set(e, ERR_PUSHER, "segment %" PRIu32 " of the kernel has more bytes in "
			       "the file than in memory", i);
	if (p->paddr >= ADDRESS_SPACE || p->memsz > ADDRESS_SPACE - p->paddr)
		return err_set(e, ERR_PUSHER, "segment %" PRIu32 " of the kernel is loaded at "
			       "%#" PRIx64 ", beyond 4 GiB; link it to a physical address below",
			       i, p->paddr);
	return 0;
}

static int check_overlaps(const struct segment *s, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (s[i].address < s[j].end && s[j].address < s[i].end)
				return err_set(e, ERR_PUSHER, "two LOAD segments of the kernel "
					       "overlap at %#" PRIx64 "; GRUB refuses that: mend "
					       "the linker script",
					       s[i].address > s[j].address ? s[i].address
									   : s[j].address);
	return 0;
}

static int look_at_programs(const unsigned char *head, const struct elf *h, bool wide,
			    uint64_t size, struct kernel *out, struct err *e)
{
	struct segment loaded[KERNEL_SEGMENTS_MAX];
	bool has_entry = false;
	size_t n = 0;

	for (uint32_t i = 0; i < h->phnum; i++) {
		const uint64_t at = h->phoff + (uint64_t)i * h->phentsize;
		struct program p;

		read_program(head + at, wide, &p);
		if (p.type != PT_LOAD)
			continue;
		if (p.memsz == 0 && p.filesz == 0) {
			out->empty[out->n_empty++] = (uint32_t)at;
			continue;
		}
		if (check_segment(&p, i, size, e) < 0)
			return -1;
		has_entry |= h->entry - p.vaddr < p.memsz || h->entry - p.paddr < p.memsz;
		loaded[n++] = (struct segment){p.paddr, p.paddr + p.memsz};
	}
	if (!has_entry)
		return err_set(e, ERR_PUSHER, "the kernel's entry point %#" PRIx64 " is in none of "
			       "its LOAD segments", h->entry);
	return check_overlaps(loaded, n, e);
}

static int look_at_elf(const unsigned char *head, size_t len, uint64_t size, uint64_t search,
		       struct kernel *out, struct err *e)
{
	const bool wide = head[EI_CLASS] == ELFCLASS64;
	const size_t header = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	struct elf h;

	if ((!wide && head[EI_CLASS] != ELFCLASS32) || head[EI_DATA] != ELFDATA2LSB ||
	    head[EI_VERSION] != EV_CURRENT || len < header)
		return err_set(e, ERR_PUSHER, "the kernel is an ELF of an unknown class or byte "
			       "order; build it for x86_64");
	if (wide)
		read_elf64(head, &h);
	else
		read_elf32(head, &h);
	search = search < len ? search : len;
	return check_header(&h, wide, size, search, e) < 0
		       ? -1
		       : look_at_programs(head, &h, wide, size, out, e);
}

static int fail_unknown(const unsigned char *head, size_t len, struct err *e)
{
	if (is_elf(head, len))
		return err_set(e, ERR_PUSHER, "the kernel is an ELF without a multiboot header in "
			       "its first 8192 bytes, or a multiboot2 header in its first 32768; "
			       "GRUB starts these and Linux's bzImage, and a PVH entry alone is "
			       "not enough: build it for multiboot");
	return err_set(e, ERR_PUSHER, "the artifact is no kernel that GRUB starts: neither an ELF "
		       "with a multiboot header nor Linux's bzImage");
}

int kernel_look(const unsigned char *head, size_t len, uint64_t size, struct kernel *out,
		struct err *e)
{
	int64_t mb1 = find_mb1(head, len), mb2 = find_mb2(head, len);
	bool addressed;

	out->n_empty = 0;
	if (is_linux(head, len)) {
		out->type = KERNEL_LINUX;
		return header_linux(head, size, e);
	}
	if (mb1 < 0 && mb2 < 0)
		return fail_unknown(head, len, e);
	out->type = mb1 >= 0 ? KERNEL_MULTIBOOT : KERNEL_MULTIBOOT2;
	if ((mb1 >= 0 ? header_mb1(head, len, (size_t)mb1, size, &addressed, e)
		      : header_mb2(head, len, (size_t)mb2, &addressed, e)) < 0)
		return -1;
	if (addressed)
		return 0;
	if (is_elf(head, len))
		return look_at_elf(head, len, size, mb1 >= 0 ? MB1_SEARCH : MB2_SEARCH, out, e);
	return err_set(e, ERR_PUSHER, "the kernel is no ELF, and its multiboot header does not say "
		       "where it is loaded; build an ELF, or add the addresses to the header");
}
