/* imghead: every refused head, the partition table as Nova's newest release checks it, the qcow2
 * header. Nova 26 (Debian 12) does not check the partition table, 30 and later do; a base must
 * outlive an upgrade. 5200-check.t tests images that real tools wrote. */
#include "agent/sandboxed/check/imghead.h"
#include "lib/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { DISK = 65536, MAX = 1 << 20 };

struct disk {
	unsigned char bytes[DISK];
	size_t size;
};

static struct imghead head_of(const struct disk *d)
{
	size_t tail = d->size < IMGHEAD_TAIL ? d->size : IMGHEAD_TAIL;

	return (struct imghead){
		.head = d->bytes, .head_len = d->size < IMGHEAD_HEAD ? d->size : IMGHEAD_HEAD,
		.tail = d->bytes + d->size - tail, .tail_len = tail, .size = d->size,
	};
}

/* Returns NULL if accepted, else the message. */
static const char *raw(const struct disk *d, struct err *e, const char **note)
{
	struct imghead h = head_of(d);

	*e = (struct err)ERR_INIT;
	if (imghead_raw(&h, MAX, note, e) == 0)
		return NULL;
	assert_int_equal(e->class, ERR_PUSHER);
	return e->msg;
}

static void expect_raw(const struct disk *d, const char *message)
{
	const char *note, *got;
	struct err e;

	got = raw(d, &e, &note);
	if (!message && got)
		fail_msg("refused: %s", got);
	if (message && (!got || !strstr(got, message)))
		fail_msg("wanted \"%s\", got \"%s\"", message, got ? got : "accepted");
}

/* A disk with one partition. */
static void disk_init(struct disk *d)
{
	*d = (struct disk){.size = DISK};
	d->bytes[510] = 0x55;
	d->bytes[511] = 0xaa;
	d->bytes[446] = 0x80;
	d->bytes[446 + 4] = 0x83;
}

static void other_formats(void **state)
{
	static const struct {
		long offset; /* negative: from the end */
		const char *bytes;
		size_t len;
		const char *message;
	} table[] = {
		{0, "QFI\xfb", 4, "a qcow2 image, not a RAW disk; leave a RAW"},
		{0, "QED\0", 4, "a QED image"},
		{0, "KDMV", 4,
		 "a VMDK image, not a RAW disk; convert it in the build: qemu-img convert -f vmdk "
		 "-O raw"},
		{0, "COWD", 4, "a VMDK image (ESX)"},
		{0, "# Disk DescriptorFile\nversion=1\n", 32, "a VMDK descriptor"},
		{0, "# disk descriptorfile\n", 22, "a VMDK descriptor"},
		{0, "#\n\n  version=1\n", 15, "a VMDK descriptor"},
		{0, "version=3\n", 10, "a VMDK descriptor"},
		{64, "\x7f\x10\xda\xbe", 4, "a VDI image"},
		{0, "conectix", 8, "a VHD image"},
		{-512, "conectix", 8, "a fixed VHD image"},
		{0, "vhdxfile", 8, "a VHDX image"},
		{0, "WithoutFreeSpace", 16, "a Parallels image"},
		{0, "WithouFreSpacExt", 16, "a Parallels image"},
		{0, "Bochs Virtual HD Image", 22, "a Bochs image"},
		{0, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop", 37, "a cloop image"},
		{-512, "koly", 4, "a DMG image"},
		{0, "LUKS\xba\xbe\0\1", 8, "an encrypted LUKS volume"},
		{0, "LUKS\xba\xbe\0\2", 8, "an encrypted LUKS volume"},
		{32769, "CD001", 5, "an ISO 9660 image"},
		{32769, "NSR02", 5, "a UDF image"},
		{32769, "NSR03", 5, "a UDF image"},
		{32769, "BEA01", 5, "a UDF image"},
		{0,
		 "\x7f"
		 "ELF",
		 4, "an ELF kernel or program, not a RAW disk; a disk needs a boot loader"},
		{0x202, "HdrS", 4, "a Linux kernel"},
		{0, "\x1f\x8b", 2, "a gzip file, not a RAW disk; unpack it"},
		{0,
		 "\xfd"
		 "7zXZ\0",
		 6, "an xz file"},
		{0, "\x28\xb5\x2f\xfd", 4, "a zstd file"},
		{0, "BZh91AY&SY", 10, "a bzip2 file"},
		{0, "PK\x03\x04", 4, "a zip archive"},
		{257, "ustar\0", 6, "a tar archive"},
		{0, "070701", 6, "a cpio archive"},
	};
	struct disk *d = malloc(sizeof(*d));

	(void)state;
	assert_non_null(d);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		long at = table[i].offset < 0 ? DISK + table[i].offset : table[i].offset;

		disk_init(d);
		expect_raw(d, NULL);
		memcpy(d->bytes + at, table[i].bytes, table[i].len);
		expect_raw(d, table[i].message);
		/* With one bit changed it is accepted. */
		disk_init(d);
		memcpy(d->bytes + at, table[i].bytes, table[i].len);
		d->bytes[at] ^= 0x80;
		if (!strstr(table[i].message, "descriptor"))
			expect_raw(d, NULL);
	}
	free(d);
}

static void sizes(void **state)
{
	struct disk *d = malloc(sizeof(*d));
	struct imghead h;
	const char *note;
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(d);
	disk_init(d);
	d->size = 0;
	expect_raw(d, "is empty");
	d->size = 100;
	expect_raw(d, "not a multiple of 512");
	d->size = 512;
	expect_raw(d, NULL);
	d->size = 1000;
	expect_raw(d, "not a multiple of 512; pad it");
	d->size = DISK;
	h = head_of(d);
	h.size = MAX;
	assert_int_equal(imghead_raw(&h, MAX, &note, &e), 0);
	h.size = MAX + 512;
	assert_int_equal(imghead_raw(&h, MAX, &note, &e), -1);
	assert_non_null(
		strstr(e.msg, "1049088 bytes; this node takes at most 1048576 (image_size_limit)"));
	free(d);
}

static void partition_tables(void **state)
{
	enum { NO_SIGNATURE = 1, FAT = 2 };
	static const struct {
		const char *title;
		unsigned char entry[4][12]; /* flag, CHS, type, CHS, LBA */
		int how;
		const char *message;
	} table[] = {
		{"empty table", {{0}}, 0, "no partition; Nova refuses that"},
		{"no signature", {{0}}, NO_SIGNATURE, NULL},
		{"no signature, nonsense in the table",
		 {{0x33, 1, 1, 1, 0xee}},
		 NO_SIGNATURE,
		 NULL},
		{"one, not bootable", {{0x00, 0, 0, 0, 0x0c}}, 0, NULL},
		{"the fourth alone", {{0}, {0}, {0}, {0x80, 0, 0, 0, 0x83}}, 0, NULL},
		{"four bootable ones",
		 {{0x80, 0, 0, 0, 1}, {0x80, 0, 0, 0, 2}, {0x80, 0, 0, 0, 3}, {0x80, 0, 0, 0, 4}},
		 0,
		 NULL},
		{"code over the table",
		 {{0xeb, 0xfe, 0, 0, 0x83}},
		 0,
		 "partition 1 has boot flag eb"},
		{"a bad flag in an unused entry",
		 {{0x80, 0, 0, 0, 0x83}, {0}, {0}, {0x01}},
		 0,
		 "partition 4 has boot flag 01"},
		{"a flag without a type", {{0x80}}, 0, "no partition"},
		{"GPT", {{0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0}}, 0, NULL},
		{"GPT at a wrong sector",
		 {{0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 2, 0, 0, 0}},
		 0,
		 "must start at sector 1"},
		{"GPT with a wrong CHS",
		 {{0, 0, 1, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0}},
		 0,
		 "must start at sector 1"},
		{"GPT and another",
		 {{0, 0, 2, 0, 0xee, 0, 0, 0, 1}, {0, 0, 0, 0, 0x83}},
		 0,
		 "besides the protective one"},
		{"GPT in the second entry",
		 {{0}, {0, 0, 2, 0, 0xee, 0, 0, 0, 1}},
		 0,
		 "besides the protective one"},
		{"a FAT's boot sector, code over the table", {{0xeb, 0xfe, 0, 0, 0x83}}, FAT, NULL},
	};
	struct disk *d = malloc(sizeof(*d));

	(void)state;
	assert_non_null(d);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		disk_init(d);
		for (int p = 0; p < 4; p++)
			memcpy(d->bytes + 446 + 16 * p, table[i].entry[p], 12);
		if (table[i].how & NO_SIGNATURE)
			d->bytes[510] = 0;
		if (table[i].how & FAT) {
			d->bytes[0x10] = 2;
			d->bytes[0x15] = 0xf8;
		}
		print_message("# %s\n", table[i].title);
		expect_raw(d, table[i].message);
	}
	free(d);
}

static void advice(void **state)
{
	struct disk *d = malloc(sizeof(*d));
	const char *note;
	struct err e;

	(void)state;
	assert_non_null(d);
	disk_init(d);
	assert_null(raw(d, &e, &note));
	assert_null(note);
	d->bytes[511] = 0;
	assert_null(raw(d, &e, &note));
	assert_non_null(strstr(note, "no boot signature"));
	free(d);
}

static void put(unsigned char *p, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--, v >>= 8)
		p[i] = (unsigned char)v;
}

static void qcow2_headers(void **state)
{
	static const struct {
		int offset, bytes;
		uint64_t value;
		size_t len; /* 0: all of it */
		const char *message;
	} table[] = {
		{4, 4, 3, 0, NULL},
		{4, 4, 2, 72, NULL},
		{4, 4, 2, 71, "cut off"},
		{4, 4, 3, 103, "cut off"},
		{4, 4, 1, 0, "version 1"},
		{4, 4, 4, 0, "version 4"},
		{0, 4, 0, 0, "not a qcow2 image, but its builder's file says so"},
		{0, 4, 0x514649fb, 3, "not a qcow2"},
		{8, 8, 0x200, 0, "backing file"},
		{16, 4, 10, 0, "backing file"},
		{20, 4, 8, 0, "cluster size"},
		{20, 4, 22, 0, "cluster size"},
		{24, 8, 0, 0, "is empty"},
		{24, 8, MAX, 0, NULL},
		{24, 8, MAX + 512, 0, "this node takes at most"},
		{24, 8, UINT64_C(1) << 60, 0, "1152921504606846976 bytes"},
		{24, 8, UINT64_MAX, 0, "18446744073709551615 bytes"},
		{24, 8, 1000, 0, "multiple of 512"},
		{32, 4, 1, 0, "encrypted"},
		{32, 4, 2, 0, "encrypted"},
		{60, 4, 7, 0, NULL}, /* snapshots are left behind */
		{72, 8, 1, 0, NULL}, /* dirty: qemu-img check decides */
		{72, 8, 2, 0, "marked corrupt"},
		{72, 8, 4, 0, "another file"},
		{72, 8, 8 | 16, 0, NULL}, /* zstd, extended L2 */
		{72, 8, 32, 0, "features (20)"},
		{80, 8, UINT64_MAX, 0, NULL}, /* compatible features */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		unsigned char bytes[104] = "QFI\xfb";
		struct imghead h = {.head = bytes,
				    .head_len = table[i].len ? table[i].len : sizeof(bytes)};
		struct err e = ERR_INIT;
		uint64_t size = 0;
		int rc;

		put(bytes + 4, 3, 4);
		put(bytes + 20, 16, 4);
		put(bytes + 24, 65536, 8);
		put(bytes + table[i].offset, table[i].value, table[i].bytes);
		rc = imghead_qcow2(&h, MAX, &size, &e);
		if (rc == 0 && !table[i].message) {
			assert_true(size == 65536 || size == MAX);
			continue;
		}
		if (!table[i].message || rc == 0 || e.class != ERR_PUSHER ||
		    !strstr(e.msg, table[i].message))
			fail_msg("row %zu: wanted \"%s\", got \"%s\"", i,
				 table[i].message ? table[i].message : "accepted", e.msg);
		assert_int_equal(size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_formats),    cmocka_unit_test(sizes),
		cmocka_unit_test(partition_tables), cmocka_unit_test(advice),
		cmocka_unit_test(qcow2_headers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
