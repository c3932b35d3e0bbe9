/* disk: DIAGNOSTICS: ERR_PUSHER as the header says, else as tool.h. */
#include "agent/sandboxed/kernel2disk/disk.h"

#include "agent/sandboxed/kernel2disk/tool.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SECTOR = 512, ALIGN = 65536 / SECTOR, /* sectors */
	FILES_MAX = GRUB_MODULES_MAX + 3, FROM = 5, TO = 6, /* mcopy's descriptors */
	/* SeaBIOS boots no virtio disk that is smaller than a cylinder (16 * 63 sectors). */
	SMALLEST = 1024,
	ROOT_SECTORS = 2, SERIAL = 0x6f726e68 /* of the FAT and of the disk: "horn" */
};
/* Type 0xef is what UEFI looks for. */
enum { TYPE_FAT = 0x0c, TYPE_ESP = 0xef };
#define CONTENT_MAX (UINT64_C(2000) << 20) /* what a FAT16 of 64 sectors a cluster holds */

struct file {
	int fd;
	char name[32]; /* a mtools path, after :: */
	uint64_t size;
};

struct layout {
	struct file files[FILES_MAX];
	size_t nfiles;
	int core;             /* -1 without BIOS */
	uint64_t core_size;
	uint64_t start, sectors; /* of the partition */
	uint64_t cluster;     /* sectors */
};

static int add_file(struct layout *l, int fd, const char *name, struct err *e)
{
	struct file *f = &l->files[l->nfiles];
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_PUSHER, "%s is not a regular file", name);
	*f = (struct file){.fd = fd, .size = (uint64_t)st.st_size};
	snprintf(f->name, sizeof(f->name), "%s", name);
	l->nfiles++;
	return 0;
}

static int add_files(struct layout *l, const struct disk *d, int efi, struct err *e)
{
	if (add_file(l, d->kernel, GRUB_KERNEL, e) < 0 ||
	    (d->load.has_initrd && add_file(l, d->initrd, GRUB_INITRD, e) < 0))
		return -1;
	for (size_t i = 0; i < d->load.nmodules; i++) {
		own_free char *name = fs_path(GRUB_MODULE, i);

		if (add_file(l, d->modules[i], name, e) < 0)
			return -1;
	}
	return efi >= 0 ? add_file(l, efi, "EFI/BOOT/BOOTX64.EFI", e) : 0;
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* With the two directories of UEFI. */
static uint64_t count_clusters(const struct layout *l, uint64_t cluster)
{
	uint64_t n = 2;

	for (size_t i = 0; i < l->nfiles; i++)
		n += round_up(l->files[i].size, cluster * SECTOR) / (cluster * SECTOR);
	return n;
}

/* The number of clusters decides between FAT12 and FAT16. mformat and firmware do not all agree
 * where exactly (4085 or 4087), so keep away from there. */
static bool is_clear(uint64_t clusters)
{
	return clusters < 4000 || (clusters > 4200 && clusters < 65000);
}

static int lay_out(struct layout *l, const struct disk *d, struct err *e)
{
	uint64_t bytes = 0, clusters, total;

	for (size_t i = 0; i < l->nfiles; i++)
		bytes += l->files[i].size < CONTENT_MAX ? l->files[i].size : CONTENT_MAX;
	if (bytes >= CONTENT_MAX || bytes > d->max_bytes)
		return err_set(e, ERR_PUSHER, "the kernel and the files beside it have %" PRIu64
			       " bytes or more; %" PRIu64 " are possible (image_size_limit, and "
			       "what a FAT holds)", bytes,
			       d->max_bytes < CONTENT_MAX ? d->max_bytes : CONTENT_MAX);
	for (l->cluster = 8; !is_clear(clusters = count_clusters(l, l->cluster));)
		l->cluster *= 2;
	/* Boot sector, two FATs of 2 bytes a cluster, root directory, and what mformat rounds. */
	l->sectors = 1 + 2 * ((clusters + 2) * 2 / SECTOR + 1) + ROOT_SECTORS +
		     (clusters + 1) * l->cluster;
	l->start = round_up(1 + round_up(l->core_size, SECTOR) / SECTOR, ALIGN);
	total = round_up(l->start + l->sectors, ALIGN);
	l->sectors = (total < SMALLEST ? SMALLEST : total) - l->start;
	return 0;
}

static void put32(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static int write_at(int fd, const void *data, size_t len, uint64_t at, struct err *e)
{
	if (lseek(fd, (off_t)at, SEEK_SET) < 0 || fs_write_all(fd, data, len) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write the disk");
	return 0;
}

/* One entry, bootable, by sector numbers alone: its cylinders are the usual ones for that. */
static int write_boot_sector(const struct layout *l, const struct disk *d, int out, struct err *e)
{
	unsigned char sector[SECTOR] = {0}, *entry = sector + 446;

	if (d->bios && grub_boot_sector(sector, e) < 0)
		return -1;
	put32(sector + GRUB_BOOT_BYTES, SERIAL);
	memcpy(entry, "\x80\xfe\xff\xff\x00\xfe\xff\xff", 8);
	entry[4] = d->uefi ? TYPE_ESP : TYPE_FAT;
	put32(entry + 8, l->start);
	put32(entry + 12, l->sectors);
	sector[510] = 0x55;
	sector[511] = 0xaa;
	return write_at(out, sector, sizeof(sector), 0, e);
}

static int write_core(const struct layout *l, int out, struct err *e)
{
	own_free unsigned char *data = malloc(l->core_size + 1);

	if (!data || fs_pread(l->core, data, l->core_size, 0) != (ssize_t)l->core_size)
		return err_sys(e, ERR_NOBODY, "cannot read GRUB's core image");
	return write_at(out, data, l->core_size, SECTOR, e);
}

/* Runs a program of mtools. from: the file that it copies, or -1. */
static int run_mtools(struct args *words, int from, int out, struct err *e)
{
	const struct spawn_fd fds[] = {{out, TO}, {from, FROM}};

	return tool_run(words, fds, from < 0 ? 1 : 2, e);
}

static void begin(const struct layout *l, struct args *words, const char *program)
{
	args_add(words, program);
	args_add(words, "-i");
	args_addf(words, "/proc/self/fd/%d@@%" PRIu64, TO, l->start * SECTOR);
}

static int format(const struct layout *l, int out, struct err *e)
{
	own_args struct args words = ARGS_INIT;

	begin(l, &words, "mformat");
	args_add(&words, "-T");
	args_addf(&words, "%" PRIu64, l->sectors);
	args_add(&words, "-h");
	args_add(&words, "255");
	args_add(&words, "-s");
	args_add(&words, "63");
	args_add(&words, "-c");
	args_addf(&words, "%" PRIu64, l->cluster);
	args_add(&words, "-r");
	args_addf(&words, "%d", ROOT_SECTORS);
	args_add(&words, "-H");
	args_addf(&words, "%" PRIu64, l->start);
	args_add(&words, "-N");
	args_addf(&words, "%x", SERIAL);
	args_add(&words, "::");
	return run_mtools(&words, -1, out, e);
}

static int make_directories(const struct layout *l, int out, struct err *e)
{
	own_args struct args words = ARGS_INIT;

	begin(l, &words, "mmd");
	args_add(&words, "::EFI");
	args_add(&words, "::EFI/BOOT");
	return run_mtools(&words, -1, out, e);
}

static int copy_in(const struct layout *l, const struct file *f, int out, struct err *e)
{
	own_args struct args words = ARGS_INIT;

	begin(l, &words, "mcopy");
	args_addf(&words, "/proc/self/fd/%d", FROM);
	args_addf(&words, "::%s", f->name);
	return run_mtools(&words, f->fd, out, e);
}

static int fill(const struct layout *l, const struct disk *d, int out, struct err *e)
{
	const uint64_t bytes = (l->start + l->sectors) * SECTOR;

	if (bytes > d->max_bytes)
		return err_set(e, ERR_PUSHER, "the disk has %" PRIu64 " bytes; this node takes at "
			       "most %" PRIu64 " (image_size_limit)", bytes, d->max_bytes);
	if (ftruncate(out, (off_t)bytes) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a file of %" PRIu64 " bytes", bytes);
	if (write_boot_sector(l, d, out, e) < 0 || (d->bios && write_core(l, out, e) < 0) ||
	    format(l, out, e) < 0 || (d->uefi && make_directories(l, out, e) < 0))
		return -1;
	for (size_t i = 0; i < l->nfiles; i++)
		if (copy_in(l, &l->files[i], out, e) < 0)
			return -1;
	return 0;
}

/* Makes GRUB's image in d->dir. Returns its descriptor. */
static int open_image(const struct disk *d, bool uefi, struct err *e)
{
	own_free char *path = fs_path("%s/%s", d->dir, uefi ? "uefi" : "bios");
	int fd;

	if (grub_image(&d->load, uefi, uefi ? -1 : d->kept, d->dir, path, e) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, ERR_OPERATOR, "grub-mkimage left no %s", path) : fd;
}

int disk_make(const struct disk *d, int out, struct err *e)
{
	own_fd int core = d->bios ? open_image(d, false, e) : -1;
	own_fd int efi = -1;
	struct layout l = {.core = core};
	struct stat st;

	if (d->bios && (core < 0 || fstat(core, &st) < 0))
		return -1;
	l.core_size = d->bios ? (uint64_t)st.st_size : 0;
	efi = d->uefi ? open_image(d, true, e) : -1;
	if (d->uefi && efi < 0)
		return -1;
	return add_files(&l, d, efi, e) < 0 || lay_out(&l, d, e) < 0 ? -1 : fill(&l, d, out, e);
}
