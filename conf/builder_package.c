/* builder_package: Debian's packages of what builders need. DIAGNOSTICS: none. */
#include "conf/builder.h"

#include <string.h>

/* The needs of the shipped builder files, of format: kernel and of fetch. "": Debian has none, and
 * a package of the same name holds another program (kraft, mirage). */
static const struct {
	const char *need, *package;
} packages[] = {
	{"bison", "bison"},
	{"capstan", ""},
	{"cpio", "cpio"},
	{"dune", ""},
	{"flex", "flex"},
	{"g++", "g++"},
	{"gcc", "gcc"},
	{"grub-mkimage", "grub-common"},
	{"gzip", "gzip"},
	{"kraft", ""},
	{"ld", "binutils"},
	{"m4", "m4"},
	{"make", "make"},
	{"mcopy", "mtools"},
	{"mformat", "mtools"},
	{"mirage", ""},
	{"mmd", "mtools"},
	{"ops", ""},
	{"python3", "python3"},
	{"qemu-img", "qemu-utils"},
	{"qemu-nbd", "qemu-utils"},
	{"qemu-system-x86_64", "qemu-system-x86"},
	{"rumprun-bake", ""},
	{"solo5-elftool", ""},
	{"x86_64-rumprun-netbsd-gcc", ""},
	{"x86_64-solo5-none-static-cc", ""},
	{BUILDER_GRUB_BIOS_NEED, "grub-pc-bin"},
	{BUILDER_GRUB_UEFI_NEED, "grub-efi-amd64-bin"},
	{BUILDER_FETCH_NEED, "slirp4netns"},
};

const char *builder_package(const char *need)
{
	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (strcmp(need, packages[i].need) == 0)
			return packages[i].package;
	return NULL;
}
