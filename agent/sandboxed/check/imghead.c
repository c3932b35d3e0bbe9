/* imghead: pure. DIAGNOSTICS: ERR_PUSHER, naming the file's format and the remedy. */
#include "agent/sandboxed/check/imghead.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define ASK_QCOW2 "leave a RAW, or ask the operator for format: qcow2 in the builder's file"
#define CONVERT(f) "convert it in the build: qemu-img convert -f " f " -O raw IN OUT"
#define UNPACK "unpack it in the build"
#define WRAP \
	"a disk needs a boot loader and a partition table around the kernel (hornero-builder(5))"

enum { FROM_START, FROM_END };

/* Identifies a format by a few bytes at a fixed place. The order matters only where two could
 * match. */
static const struct magic {
	unsigned int offset; /* from the start, or into the last 512 bytes */
	int from;
	unsigned int len;
	const char *bytes;
	const char *what, *advice;
} magics[] = {
	{0, FROM_START, 4, "QFI\xfb", "a qcow2 image", ASK_QCOW2},
	{0, FROM_START, 4, "QED\0", "a QED image", CONVERT("qed")},
	{0, FROM_START, 4, "KDMV", "a VMDK image", CONVERT("vmdk")},
	{0, FROM_START, 4, "COWD", "a VMDK image (ESX)", CONVERT("vmdk")},
	{0x40, FROM_START, 4, "\x7f\x10\xda\xbe", "a VDI image", CONVERT("vdi")},
	{0, FROM_START, 8, "conectix", "a VHD image", CONVERT("vpc")},
	{0, FROM_END, 8, "conectix", "a fixed VHD image (it ends in a footer)", CONVERT("vpc")},
	{0, FROM_START, 8, "vhdxfile", "a VHDX image", CONVERT("vhdx")},
	{0, FROM_START, 16, "WithoutFreeSpace", "a Parallels image", CONVERT("parallels")},
	{0, FROM_START, 16, "WithouFreSpacExt", "a Parallels image", CONVERT("parallels")},
	{0, FROM_START, 22, "Bochs Virtual HD Image", "a Bochs image", CONVERT("bochs")},
	{0, FROM_START, 23, "#!/bin/sh\n#V2.0 Format\n", "a cloop image", CONVERT("cloop")},
	{0, FROM_END, 4, "koly", "a DMG image", CONVERT("dmg")},
	{0, FROM_START, 6, "LUKS\xba\xbe", "an encrypted LUKS volume",
	 "leave an unencrypted disk: there is no key at boot"},
	{32769, FROM_START, 5, "CD001", "an ISO 9660 image",
	 "leave a disk: Nova refuses a CD as one"},
	{32769, FROM_START, 4, "NSR0", "a UDF image", "leave a disk: Nova refuses a CD as one"},
	{32769, FROM_START, 5, "BEA01", "a UDF image", "leave a disk: Nova refuses a CD as one"},
	{0, FROM_START, 4, "\x7f" "ELF", "an ELF kernel or program", WRAP},
	{0x202, FROM_START, 4, "HdrS", "a Linux kernel", WRAP},
	{0, FROM_START, 2, "\x1f\x8b", "a gzip file", UNPACK},
	{0, FROM_START, 6, "\xfd" "7zXZ\0", "an xz file", UNPACK},
	{0, FROM_START, 4, "\x28\xb5\x2f\xfd", "a zstd file", UNPACK},
	{0, FROM_START, 10, "BZh91AY&SY", "a bzip2 file", UNPACK},
	{0, FROM_START, 4, "PK\x03\x04", "a zip archive", UNPACK},
	{257, FROM_START, 5, "ustar", "a tar archive", UNPACK},
	{0, FROM_START, 6, "070701", "a cpio archive", "leave a disk, not an initramfs"},
};

static bool is_at(const unsigned char *data, size_t len, size_t offset, const char *bytes, size_t n)
{
	return len >= n && offset <= len - n && memcmp(data + offset, bytes, n) == 0;
}

static bool matches(const struct imghead *h, const struct magic *m)
{
	if (m->from == FROM_END)
		return is_at(h->tail, h->tail_len, m->offset, m->bytes, m->len);
	return is_at(h->head, h->head_len, m->offset, m->bytes, m->len);
}

/* Recognizes a VMDK descriptor as QEMU's probe does: text of comments and blank lines, then
 * version=N. */
static bool is_vmdk_text(const struct imghead *h)
{
	const char *at = (const char *)h->head;
	const char *end = at + (h->head_len < 4096 ? h->head_len : 4096);

	while (at < end && (*at == '#' || *at == '\n' || *at == '\r' || *at == ' ')) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (end - at >= 21 && strncasecmp(at, "# Disk DescriptorFile", 21) == 0)
			return true;
		if (*at != '#' && !newline)
			return false;
		at = *at == ' ' ? at + 1 : newline ? newline + 1 : end;
	}
	return end - at >= 8 && strncasecmp(at, "version=", 8) == 0;
}

static int check_size(uint64_t size, uint64_t max, struct err *e)
{
	if (size == 0)
		return err_set(e, ERR_PUSHER, "the disk image is empty; the build must write one");
	if (size > max)
		return err_set(e, ERR_PUSHER, "the disk has %" PRIu64 " bytes; this node takes at "
			       "most %" PRIu64 " (image_size_limit)", size, max);
	if (size % 512 != 0)
		return err_set(e, ERR_PUSHER, "the disk has %" PRIu64 " bytes, which is not a "
			       "multiple of 512; pad it: truncate -s %%512 IMAGE", size);
	return 0;
}

/* Recognizes the boot sector of a FAT file system: two FATs on a fixed disk. It has code where a
 * partition table would be. */
static bool is_fat(const unsigned char *sector)
{
	return sector[0x10] == 2 && sector[0x15] == 0xf8;
}

static int check_entry(const unsigned char *p, int i, struct err *e)
{
	static const unsigned char gpt_chs[3] = {0, 2, 0};
	static const unsigned char gpt_lba[4] = {1, 0, 0, 0};

	if (p[0] != 0x00 && p[0] != 0x80)
		return err_set(e, ERR_PUSHER, "partition %d has boot flag %02x; Nova takes only 00 "
			       "and 80: write a true partition table at offset 446, with no boot "
			       "code over it", i + 1, p[0]);
	if (p[4] == 0xee && (memcmp(p + 1, gpt_chs, 3) != 0 || memcmp(p + 8, gpt_lba, 4) != 0))
		return err_set(e, ERR_PUSHER, "partition %d, the protective one of a GPT, must "
			       "start at sector 1 (CHS 0/0/2); let sfdisk or sgdisk write the "
			       "table", i + 1);
	return 0;
}

/* Checks a sector that ends in 55AA as Nova 30 and later do. */
static int check_partitions(const unsigned char *sector, struct err *e)
{
	unsigned int used = 0;
	bool gpt = false;

	for (int i = 0; i < 4; i++) {
		const unsigned char *p = sector + 446 + 16 * i;

		if (check_entry(p, i, e) < 0)
			return -1;
		used |= p[4] != 0 ? 1U << i : 0;
		gpt |= p[4] == 0xee;
	}
	if (used == 0)
		return err_set(e, ERR_PUSHER, "the disk has a boot signature (55AA) but no "
			       "partition; Nova refuses that: create one partition over the whole "
			       "disk, or omit the signature");
	if (gpt && used != 1)
		return err_set(e, ERR_PUSHER, "the disk has other partitions besides the "
			       "protective one of its GPT; Nova refuses that: let sfdisk or sgdisk "
			       "write the table");
	return 0;
}

int imghead_raw(const struct imghead *h, uint64_t max, const char **note, struct err *e)
{
	*note = NULL;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (matches(h, &magics[i]))
			return err_set(e, ERR_PUSHER, "the artifact is %s, not a RAW disk; %s",
				       magics[i].what, magics[i].advice);
	if (is_vmdk_text(h))
		return err_set(e, ERR_PUSHER, "the artifact is a VMDK descriptor, not a RAW disk; "
			       CONVERT("vmdk"));
	if (check_size(h->size, max, e) < 0)
		return -1;
	if (h->head_len < 512 || h->head[510] != 0x55 || h->head[511] != 0xaa) {
		*note = "the disk has no boot signature (55AA at offset 510): a BIOS will not boot "
			"it";
		return 0;
	}
	return is_fat(h->head) ? 0 : check_partitions(h->head, e);
}

static uint64_t be(const unsigned char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

/* Offsets and bits: docs/interop/qcow2.txt of QEMU. */
enum { QCOW2_V2 = 72, QCOW2_V3 = 104 };
#define QCOW2_CORRUPT (UINT64_C(1) << 1)
#define QCOW2_DATA_FILE (UINT64_C(1) << 2)
#define QCOW2_KNOWN UINT64_C(0x1f)

static int check_features(uint64_t features, struct err *e)
{
	if (features & QCOW2_DATA_FILE)
		return err_set(e, ERR_PUSHER, "the qcow2 keeps its data in another file; make it "
			       "one file: qemu-img convert -O qcow2 IN OUT");
	if (features & QCOW2_CORRUPT)
		return err_set(e, ERR_PUSHER, "the qcow2 is marked corrupt; look at what wrote it: "
			       "qemu-img check IMAGE");
	if (features & ~QCOW2_KNOWN)
		return err_set(e, ERR_PUSHER, "the qcow2 has features (%" PRIx64 ") that this "
			       "node's qemu-img does not know; write it with compat=1.1 and no "
			       "more", features);
	return 0;
}

int imghead_qcow2(const struct imghead *h, uint64_t max, uint64_t *size, struct err *e)
{
	const unsigned char *p = h->head;
	uint64_t version;

	if (!is_at(p, h->head_len, 0, "QFI\xfb", 4))
		return err_set(e, ERR_PUSHER, "the artifact is not a qcow2 image, but its "
			       "builder's file says so; leave one, or ask the operator for format: "
			       "raw in the builder's file");
	version = h->head_len >= QCOW2_V2 ? be(p + 4, 4) : 0;
	if ((version != 2 && version != 3) || (version == 3 && h->head_len < QCOW2_V3))
		return err_set(e, ERR_PUSHER, "the qcow2 is cut off or of version %" PRIu64 "; 2 "
			       "and 3 are known", version);
	if (be(p + 8, 8) != 0 || be(p + 16, 4) != 0)
		return err_set(e, ERR_PUSHER, "the qcow2 has a backing file; make it "
			       "self-contained: qemu-img convert -O qcow2 IN OUT");
	if (be(p + 32, 4) != 0)
		return err_set(e, ERR_PUSHER, "the qcow2 is encrypted, and there is no key at "
			       "boot; leave an unencrypted one");
	if (be(p + 20, 4) < 9 || be(p + 20, 4) > 21)
		return err_set(e, ERR_PUSHER, "the qcow2 has an impossible cluster size; look at "
			       "what wrote it");
	if (version == 3 && check_features(be(p + 72, 8), e) < 0)
		return -1;
	if (check_size(be(p + 24, 8), max, e) < 0)
		return -1;
	*size = be(p + 24, 8);
	return 0;
}
