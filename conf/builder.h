/*
 * builder: how a checkout becomes a disk image, one file `builders.d/NAME.yaml` each. The operator's.
 *
 *     detect: [Capstanfile]          files of which one at the root of the subtree means this builder
 *     group: osv                     cgroup group; default: the builder's name
 *     argv: [capstan, build, hornero] no shell
 *     env: {CAPSTAN_ROOT: /build/cache}
 *     artifact: /build/cache/repository/hornero/hornero.qemu     absolute in the sandbox, below /build
 *     format: qcow2                  raw or qcow2; never guessed
 *     needs: [capstan, qemu-system-x86_64]   programs whose absence is the operator's fault, by name
 *     version: [[gcc, --version], [make, --version]]   commands whose output belongs to the content key
 *     inputs: [/var/lib/capstan/base.qemu]   host files bound read-only at the same path, or HOST:SANDBOX at another;
 *                                    their digests belong to the key
 *     devices: [/dev/kvm]            default none
 *     build_timeout: 1800            seconds; narrower than hornero.yaml's, never wider
 *     clean_when: [Makefile, "*.mk"] patterns of paths whose change means a clean build; one without a slash fits at any depth
 *     reproducible: yes              a clean build of the same inputs gives the same bytes: incremental artifacts are confirmed
 *
 * In the sandbox: the checkout is /build/src (the working directory), the cache kept per image is
 * /build/cache, HOME is /build/cache, TMPDIR is /tmp.
 */
#ifndef HORNERO_CONF_BUILDER_H
#define HORNERO_CONF_BUILDER_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

enum builder_format { BUILDER_RAW, BUILDER_QCOW2 };
enum builder_reproducible { BUILDER_REPRODUCIBLE_NO, BUILDER_REPRODUCIBLE_YES };

struct builder {
	char *name;                   /* file name without .yaml; [a-z0-9][a-z0-9-]*, at most 32 */
	char *group;                  /* same alphabet */
	char **detect;                /* NULL-terminated, as all lists here; NULL where none */
	char **argv;
	char **env;                   /* "KEY=value" */
	char *artifact;
	enum builder_format format;
	char **needs;
	char ***version;              /* NULL-terminated list of argv lists */
	char **inputs;                /* on the host */
	char **inputs_at;             /* the same number: where each appears in the sandbox */
	char **devices;
	int64_t build_timeout_s;      /* 0: hornero.yaml's */
	char **clean_when;
	enum builder_reproducible reproducible;
	char *text;                   /* the file's bytes, for the digest of the content key */
	size_t text_len;
};

struct builders {
	struct builder *list; /* sorted by name */
	size_t n;
	struct err *broken; /* a message per file that could not be used */
	size_t nbroken;
};

/* All of builders_dir; a broken file disables that builder alone. -1 only where the directory cannot be read. */
int builders_load(const char *builders_dir, struct builders **out, struct err *e);
void builders_free(struct builders *b);

/* One file's text; file is for messages, name as in struct builder. ERR_OPERATOR with file:line:column. */
int builder_parse(const char *file, const char *name, const char *text, size_t len, struct builder *out, struct err *e);
void builder_fini(struct builder *b);

/* The keys, for the manual and messages. */
struct table;
extern const struct table builder_table;

/* By name, or NULL. */
const struct builder *builder_find(const struct builders *b, const char *name);

static inline void builders_end(struct builders **b)
{
	builders_free(*b);
}
#define own_builders __attribute__((cleanup(builders_end)))

#endif
