/*
 * builder: how a checkout becomes a disk image. The operator writes one file `builders.d/NAME.yaml`
 * per builder.
 *
 *     detect: [Capstanfile]   this builder applies if one of these is in the subtree; see detect.h
 *     instead_of: [make]      if it applies, these builders do not
 *     group: osv              cgroup group; default: the builder's name
 *     argv: [capstan, build, hornero]   no shell
 *     env: {CAPSTAN_ROOT: /build/cache}
 *     artifact: /build/cache/repository/hornero/hornero.qemu   in the sandbox, below /build
 *     format: qcow2           raw, qcow2 or kernel; never guessed
 *     firmware: both          with format: kernel, what boots the disk made around it; and cmdline,
 *                             initrd, kernel_modules
 *     needs: [capstan, qemu-system-x86_64]   if one is missing, the error names it for the operator
 *     version: [[gcc, --version], [make, --version]]   commands; their output is in the content key
 *     inputs: [/opt/unikraft, "base:osv.qemu"]   host files and directories bound read-only at the
 *                             same path, or HOST:SANDBOX at another; base:NAME is a file of
 *                             base_dir (conf/input.h); their digests are in the content key
 *     devices: [/dev/kvm]     default: none
 *     build_timeout: 1800     seconds; narrower than hornero.yaml's, never wider
 *     clean_when: [Makefile, "*.mk"]   a changed path that matches means a clean build; a pattern
 *                             without a slash matches at any depth
 *     reproducible: yes       a clean build of the same inputs gives the same bytes, so
 *                             incremental artifacts are confirmed
 *     fetch: [sh, fetch.sh]   a command that runs before, with a network, and fills /build/fetched;
 *                             fetch_locks: [go.sum] decide when again, fetch_env are its variables
 *     allow: [artifact, env CFLAGS]   what `.hornero.yaml` may set; an argv word "{target}" or
 *                             "{arguments}" says where those go
 *
 * In the sandbox the checkout is /build/src (the working directory), the per-image cache is
 * /build/cache, HOME is /build/cache and TMPDIR is /tmp.
 */
#ifndef HORNERO_CONF_BUILDER_H
#define HORNERO_CONF_BUILDER_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

enum builder_format { BUILDER_RAW, BUILDER_QCOW2, BUILDER_KERNEL };
enum builder_firmware { BUILDER_BIOS, BUILDER_UEFI, BUILDER_BOTH };
enum builder_reproducible { BUILDER_REPRODUCIBLE_NO, BUILDER_REPRODUCIBLE_YES };
enum { BUILDER_MODULES_MAX = 8 };

/* GRUB's files for disks of format: kernel, as Debian installs them; and one of each that must not
 * be missing, since a directory may be empty. */
#define BUILDER_GRUB_BIOS "/usr/lib/grub/i386-pc"
#define BUILDER_GRUB_UEFI "/usr/lib/grub/x86_64-efi"
#define BUILDER_GRUB_BIOS_NEED BUILDER_GRUB_BIOS "/kernel.img"
#define BUILDER_GRUB_UEFI_NEED BUILDER_GRUB_UEFI "/kernel.img"

/* The sandbox of fetch, and later builds, have the fetched files here. */
#define BUILDER_FETCHED "/build/fetched"
#define BUILDER_FETCH_NEED "slirp4netns"

struct builder {
	char *name;                   /* file name without .yaml; [a-z0-9][a-z0-9-]*, at most 32 */
	char *group;                  /* same alphabet */
	char **detect;                /* NULL-terminated, like all lists here; NULL if unset */
	char **instead_of;
	char **argv;
	char **env;                   /* "KEY=value" */
	char *artifact;
	enum builder_format format;
	enum builder_firmware firmware; /* these four: of format: kernel only */
	char *cmdline;                /* "" if unset */
	char *initrd;
	char **kernel_modules;
	/* format: kernel adds its own to these two */
	char **needs;
	char ***version;              /* NULL-terminated list of argv lists */
	char **inputs;                /* on the host: a path, or "base:NAME"; see conf/input.h */
	char **inputs_at;             /* as many; where each appears in the sandbox */
	char **devices;
	int64_t build_timeout_s;      /* 0: the value of hornero.yaml */
	char **clean_when;
	enum builder_reproducible reproducible;
	char **fetch;                 /* adds BUILDER_FETCH_NEED to needs */
	char **fetch_locks;           /* pathglob.h's patterns; set if fetch is */
	char **fetch_env;             /* "KEY=value" */
	char **allow;                 /* repowords_may() */
	char *text;                   /* the file's bytes, for the digest of the content key */
	size_t text_len;
};

struct builders {
	struct builder *list; /* sorted by name */
	size_t n;
	struct err *broken; /* one message per unusable file */
	char **broken_names; /* as many; file names without .yaml */
	size_t nbroken;
};

/* Loads all files of builders_dir. A broken file disables only its builder and adds a message to
 * `broken`. Returns 0, or -1 with e filled if the directory cannot be read. */
int builders_load(const char *builders_dir, struct builders **out, struct err *e);
/* Loads only the file of this builder. If that cannot be read, it is in `broken`. */
int builders_load_one(const char *builders_dir, const char *name, struct builders **out,
		      struct err *e);
void builders_free(struct builders *b);

/* Parses the text of one file. file is for messages, name as in struct builder. Returns 0, or -1
 * with ERR_OPERATOR and file:line:column. */
int builder_parse(const char *file, const char *name, const char *text, size_t len,
		  struct builder *out, struct err *e);
void builder_fini(struct builder *b);

/* Check where inputs appear, and the settings of format: kernel, which adds what it implies to
 * needs and version. For builder_parse; doc is the file. */
struct doc;
int builder_inputs(const struct builder *b, const struct doc *doc, struct err *e);
int builder_kernel(struct builder *b, const struct doc *doc, struct err *e);

/* The same for fetch. */
int builder_fetch(struct builder *b, const struct doc *doc, struct err *e);

/* Adds a program to needs. Returns -1 if out of memory. */
int builder_need(struct builder *b, const char *program);

/* Returns Debian's package of a program or file of needs, "" if Debian has none, NULL if
 * unknown. */
const char *builder_package(const char *need);

/* The settings, for the manual and messages. */
struct settings;
extern const struct settings builder_settings;

/* Returns the builder with that name, or NULL. */
const struct builder *builder_find(const struct builders *b, const char *name);

/* Returns the group in which that builder's builds run: of first builds, whose builder only the
 * checkout will choose, and of unknown builders it is "new". */
const char *builder_group(const struct builders *list, const char *name);

static inline void builders_end(struct builders **b)
{
	builders_free(*b);
}
#define own_builders __attribute__((cleanup(builders_end)))

#endif
