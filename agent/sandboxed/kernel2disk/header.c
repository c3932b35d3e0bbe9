/* header: DIAGNOSTICS: ERR_PUSHER. */
#include "agent/sandboxed/kernel2disk/header.h"

#include <inttypes.h>

/* Multiboot Specification 0.6.96: flags, and the offsets of the fields that they announce. */
enum {
	MB1_VIDEO = 1 << 2, MB1_REFUSED = 0xfff8, MB1_ADDRESSES = 1 << 16,
	MB1_AT_ADDRESS = 12, MB1_AT_LOAD = 16, MB1_AT_LOAD_END = 20, MB1_AT_BSS_END = 24,
	MB1_AT_MODE = 32, MB1_MODE_TEXT = 1,
};

/* Multiboot2 Specification 2.0: types of tags. */
enum {
	MB2_HEADER = 16, MB2_TAG = 8, MB2_END = 0, MB2_REQUEST = 1, MB2_ADDRESS = 2, MB2_ENTRY = 3,
	MB2_ENTRY_EFI32 = 8, MB2_ENTRY_EFI64 = 9, MB2_LAST = 10, MB2_LAST_INFORMATION = 21,
};

/* Documentation/x86/boot.rst */
enum {
	LINUX_SECTOR = 512, LINUX_SECTORS_MAX = 64, LINUX_AT_SECTORS = 0x1f1, LINUX_AT_SIZE = 0x1f4,
	LINUX_AT_VERSION = 0x206, LINUX_AT_FLAGS = 0x211, LINUX_LOADED_HIGH = 1,
	LINUX_OLDEST = 0x203, LINUX_WIDE_SIZE = 0x204,
};

static uint32_t le16(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static int check_addresses(const unsigned char *h, size_t at, uint64_t size, struct err *e)
{
	const uint64_t load = header_le32(h + MB1_AT_LOAD), end = header_le32(h + MB1_AT_LOAD_END),
		       bss = header_le32(h + MB1_AT_BSS_END),
		       before = header_le32(h + MB1_AT_ADDRESS) - load;

	if (header_le32(h + MB1_AT_ADDRESS) < load || before > at || (end && end < load) ||
	    (bss && bss < (end ? end : load)))
		return err_set(e, ERR_PUSHER, "the addresses in the kernel's multiboot header do "
			       "not fit the file: mend the header, or leave its address fields "
			       "out (flag 16) and link an ELF");
	if (end && at - before + (end - load) > size)
		return err_set(e, ERR_PUSHER, "the kernel's multiboot header has an end beyond "
			       "that of the file (%" PRIu64 " bytes); it is cut off", size);
	return 0;
}

int header_mb1(const unsigned char *head, size_t len, size_t at, uint64_t size, bool *addressed,
	       struct err *e)
{
	const unsigned char *h = head + at;
	const uint32_t flags = header_le32(h + 4);

	*addressed = flags & MB1_ADDRESSES;
	if (flags & MB1_REFUSED)
		return err_set(e, ERR_PUSHER, "the kernel's multiboot header demands features "
			       "(flags %#" PRIx32 ") that GRUB does not have", flags);
	if ((*addressed && len - at < MB1_AT_BSS_END + 4) ||
	    (flags & MB1_VIDEO && len - at < MB1_AT_MODE + 4))
		return err_set(e, ERR_PUSHER, "the kernel ends within its multiboot header; it is "
			       "cut off");
	if (flags & MB1_VIDEO && header_le32(h + MB1_AT_MODE) > MB1_MODE_TEXT)
		return err_set(e, ERR_PUSHER, "the kernel's multiboot header asks for the "
			       "graphical mode type %" PRIu32 "; 0 and 1 exist: mend it, or leave "
			       "flag 2 out",
			       header_le32(h + MB1_AT_MODE));
	return *addressed ? check_addresses(h, at, size, e) : 0;
}

static int check_requests(const unsigned char *tag, uint32_t size, struct err *e)
{
	for (uint32_t i = MB2_TAG; i + 4 <= size; i += 4)
		if (header_le32(tag + i) > MB2_LAST_INFORMATION)
			return err_set(e, ERR_PUSHER, "the kernel's multiboot2 header demands "
				       "the information %" PRIu32 ", which GRUB does not have; "
				       "make that tag optional", header_le32(tag + i));
	return 0;
}

int header_mb2(const unsigned char *head, size_t len, size_t at, bool *addressed, struct err *e)
{
	size_t i = at + MB2_HEADER;
	bool has_entry = false;
	uint32_t type, size;

	*addressed = false;
	for (;; i += (size + 7) & ~7U) {
		if (i > len || len - i < MB2_TAG)
			break;
		type = le16(head + i);
		if (type == MB2_END)
			return *addressed && !has_entry
				       ? err_set(e, ERR_PUSHER, "the kernel's multiboot2 header "
						 "has an address tag and no entry tag; add "
						 "one")
				       : 0;
		size = header_le32(head + i + 4);
		/* With 0 GRUB would look at this tag for ever. */
		if (size < MB2_TAG || size > len - i)
			break;
		*addressed |= type == MB2_ADDRESS;
		has_entry |= type == MB2_ENTRY || type == MB2_ENTRY_EFI32 ||
			     type == MB2_ENTRY_EFI64;
		if (le16(head + i + 2) & 1) /* optional */
			continue;
		if (type > MB2_LAST)
			return err_set(e, ERR_PUSHER, "the kernel's multiboot2 header has a tag "
				       "of type %" PRIu32 ", which GRUB does not know; make it "
				       "optional", type);
		if (type == MB2_REQUEST && check_requests(head + i, size, e) < 0)
			return -1;
	}
	return err_set(e, ERR_PUSHER, "the tags of the kernel's multiboot2 header have no end "
		       "(type 0, size 8), or one has a wrong size");
}

int header_linux(const unsigned char *head, uint64_t size, struct err *e)
{
	const uint32_t version = le16(head + LINUX_AT_VERSION);
	const uint64_t sectors = head[LINUX_AT_SECTORS] ? head[LINUX_AT_SECTORS] : 4;
	const uint64_t rest = (uint64_t)header_le32(head + LINUX_AT_SIZE) * 16;
	const uint64_t setup = (sectors + 1) * LINUX_SECTOR;

	if (version < LINUX_OLDEST || !(head[LINUX_AT_FLAGS] & LINUX_LOADED_HIGH))
		return err_set(e, ERR_PUSHER, "the Linux kernel is not one that GRUB starts: it is "
			       "no bzImage, or its boot protocol is older than 2.03");
	if (sectors > LINUX_SECTORS_MAX)
		return err_set(e, ERR_PUSHER, "the Linux kernel says that it has %" PRIu64 " setup "
			       "sectors; GRUB starts kernels with at most %d", sectors,
			       LINUX_SECTORS_MAX);
	if (setup >= size || (version >= LINUX_WIDE_SIZE && rest > size - setup))
		return err_set(e, ERR_PUSHER, "the Linux kernel has %" PRIu64 " bytes, and its "
			       "header says %" PRIu64 "; it is cut off", size,
			       setup + (version >= LINUX_WIDE_SIZE ? rest : 1));
	return 0;
}
