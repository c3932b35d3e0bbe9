/* grub: DIAGNOSTICS: as tool.h. */
#include "agent/sandboxed/kernel2disk/grub.h"

#include "agent/sandboxed/kernel2disk/core.h"
#include "agent/sandboxed/kernel2disk/tool.h"
#include "conf/builder.h"
#include "lib/fs.h"
#include "lib/grow.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

static const char *const loaders[] = {
	[KERNEL_MULTIBOOT] = "multiboot", [KERNEL_MULTIBOOT2] = "multiboot2",
	[KERNEL_LINUX] = "linux",
};

static int add(struct grow *g, const char *text, struct err *e)
{
	return grow_add(g, text, strlen(text), e);
}

/* Adds each word in single quotes, in which GRUB's parser sees no character but the quote itself;
 * check_cmdline has refused that. */
static int add_words(struct grow *g, const char *text, struct err *e)
{
	while (*(text += strspn(text, " "))) {
		size_t len = strcspn(text, " ");

		if (add(g, " '", e) < 0 || grow_add(g, text, len, e) < 0 || add(g, "'", e) < 0)
			return -1;
		text += len;
	}
	return 0;
}

/* With a BIOS, GRUB's errors go to the serial port, too, without terminal codes: so they are in
 * the log of the boot check. UEFI does that itself. If the kernel cannot be loaded, the machine is
 * switched off instead of waiting at a prompt. */
static int add_script(struct grow *g, const struct grub_load *load, bool uefi, struct err *e)
{
	static const char serial[] = "serial --unit=0 --speed=115200\nterminfo serial dumb\n"
				     "terminal_output --append serial\n";

	if ((!uefi && add(g, serial, e) < 0) || add(g, loaders[load->type], e) < 0 ||
	    add(g, " /" GRUB_KERNEL, e) < 0)
		return -1;
	/* By convention a multiboot kernel's first word is its own name; GRUB adds Linux's. */
	if (load->type != KERNEL_LINUX && add(g, " kernel", e) < 0)
		return -1;
	if (add_words(g, load->cmdline, e) < 0 || add(g, "\n", e) < 0 ||
	    (load->has_initrd && add(g, "initrd /" GRUB_INITRD "\n", e) < 0))
		return -1;
	for (size_t i = 0; i < load->nmodules; i++) {
		const char *command = load->type == KERNEL_MULTIBOOT2 ? "module2" : "module";
		own_free char *line = fs_path("%s /" GRUB_MODULE, command, i);

		if (add(g, line, e) < 0 || add_words(g, load->modules[i], e) < 0 ||
		    add(g, "\n", e) < 0)
			return -1;
	}
	return add(g, "boot\nhalt\n", e);
}

static int write_script(const struct grow *script, const char *path, struct err *e)
{
	own_fd int fd = fs_create(AT_FDCWD, path, O_WRONLY, 0600);

	if (fd < 0 || fs_write_all(fd, script->data, script->len) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot write %s", path);
	return 0;
}

/* Adds the words that decide the image; not those that name files of this run. */
static void add_options(const struct grub_load *load, bool uefi, struct args *words)
{
	/* The prefix names the partition, and GRUB takes the disk that it was started from. */
	static const char *const common[] = {
		"-p", "(,msdos1)/", "part_msdos", "fat", "halt",
	};
	static const char *const for_bios[] = {"biosdisk", "serial", "terminfo", "terminal"};

	args_add(words, "grub-mkimage");
	args_addf(words, "--format=%s", uefi ? "x86_64-efi" : "i386-pc");
	args_addf(words, "--directory=%s", uefi ? BUILDER_GRUB_UEFI : BUILDER_GRUB_BIOS);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		args_add(words, common[i]);
	for (size_t i = 0; !uefi && i < sizeof(for_bios) / sizeof(for_bios[0]); i++)
		args_add(words, for_bios[i]);
	args_add(words, loaders[load->type]);
}

static int describe(struct grow *text, struct args *words, const struct grow *script,
		    struct err *e)
{
	if (args_check(words, e) < 0)
		return -1;
	for (const char *const *word = args_list(words); *word; word++)
		if (add(text, *word, e) < 0 || add(text, "\n", e) < 0)
			return -1;
	return grow_add(text, script->data, script->len, e);
}

int grub_image(const struct grub_load *load, bool uefi, int kept, const char *dir, const char *path,
	       struct err *e)
{
	own_free char *file = fs_path("%s/script", dir);
	own_args struct args words = ARGS_INIT;
	own_grow struct grow script = {0};
	own_grow struct grow text = {0};

	add_options(load, uefi, &words);
	if (add_script(&script, load, uefi, e) < 0 || describe(&text, &words, &script, e) < 0)
		return -1;
	if (kept >= 0 && core_find(kept, text.data, text.len, path))
		return 0;
	args_addf(&words, "--config=%s", file);
	args_addf(&words, "--output=%s", path);
	if (write_script(&script, file, e) < 0 || tool_run(&words, NULL, 0, e) < 0)
		return -1;
	if (kept >= 0)
		core_keep(kept, text.data, text.len, path);
	return 0;
}

int grub_boot_sector(unsigned char out[GRUB_BOOT_BYTES], struct err *e)
{
	own_fd int fd = open(BUILDER_GRUB_BIOS "/boot.img", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fs_pread(fd, out, GRUB_BOOT_BYTES, 0) != GRUB_BOOT_BYTES)
		return err_sys(e, ERR_OPERATOR, "cannot read %s (Debian: grub-pc-bin)",
			       BUILDER_GRUB_BIOS "/boot.img");
	return 0;
}
