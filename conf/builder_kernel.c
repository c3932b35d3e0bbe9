/* builder_kernel: settings of format: kernel, and what it needs without naming it.
 * DIAGNOSTICS: ERR_OPERATOR for a setting that has no use, ERR_NOBODY if out of memory. */
#include "conf/builder.h"

#include "conf/repowords.h"
#include "conf/yaml.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Never fails: if a file is missing, the job is held for what is needed, with a better message. */
#define GRUB_VERSION(dir) \
	"grub-mkimage --version; cat " dir "/*.img " dir "/*.mod " dir "/*.lst | sha256sum"
#define TOOLS_VERSION "cat /usr/bin/grub-mkimage /usr/bin/mtools | sha256sum"

static int add_word(char ***list, const char *word)
{
	size_t n = 0;
	char **longer;

	while (*list && (*list)[n])
		n++;
	longer = reallocarray(*list, n + 2, sizeof(char *));
	if (!longer)
		return -1;
	*list = longer;
	longer[n] = strdup(word);
	longer[n + 1] = NULL;
	return longer[n] ? 0 : -1;
}

int builder_need(struct builder *b, const char *program)
{
	return add_word(&b->needs, program);
}

/* The digests of GRUB's files and mtools belong to the content key. */
static int add_version(struct builder *b, const char *script)
{
	size_t n = 0;
	char ***longer;

	while (b->version && b->version[n])
		n++;
	longer = reallocarray(b->version, n + 2, sizeof(char **));
	if (!longer)
		return -1;
	b->version = longer;
	longer[n] = longer[n + 1] = NULL;
	return add_word(&longer[n], "sh") < 0 || add_word(&longer[n], "-c") < 0 ||
			       add_word(&longer[n], script) < 0
		       ? -1
		       : 0;
}

static int imply(struct builder *b)
{
	const bool bios = b->firmware != BUILDER_UEFI, uefi = b->firmware != BUILDER_BIOS;

	if (builder_need(b, "grub-mkimage") < 0 || builder_need(b, "mformat") < 0 ||
	    builder_need(b, "mcopy") < 0 || add_version(b, TOOLS_VERSION) < 0)
		return -1;
	if (bios && (builder_need(b, BUILDER_GRUB_BIOS_NEED) < 0 ||
		     add_version(b, GRUB_VERSION(BUILDER_GRUB_BIOS)) < 0))
		return -1;
	if (uefi && (builder_need(b, "mmd") < 0 || builder_need(b, BUILDER_GRUB_UEFI_NEED) < 0 ||
		     add_version(b, GRUB_VERSION(BUILDER_GRUB_UEFI)) < 0))
		return -1;
	return 0;
}

/* Returns the name of a setting that only format: kernel has, or NULL. */
static const char *useless(const struct builder *b)
{
	return b->firmware != BUILDER_BIOS ? "firmware" :
	       b->cmdline[0]		   ? "cmdline" :
	       b->initrd		   ? "initrd" :
	       b->kernel_modules	   ? "kernel_modules" :
					     NULL;
}

/* Where `allow` permits cmdline, or NULL. */
static const struct doc_node *allowing_cmdline(const struct doc *doc)
{
	const struct doc_node *allow = doc_get(doc, "allow");
	const struct doc_node *entry = allow ? allow->first : NULL;

	while (entry && strcmp(entry->text, "cmdline") != 0)
		entry = entry->next;
	return entry;
}

int builder_kernel(struct builder *b, const struct doc *doc, struct err *e)
{
	const char *name = useless(b);
	size_t n = 0;

	while (b->kernel_modules && b->kernel_modules[n])
		n++;
	if (b->format != BUILDER_KERNEL && name)
		return doc_fail(doc, doc_get(doc, name)->key, e, "%s is a setting of format: "
				"kernel; remove it", name);
	/* A repository's cmdline would have no effect, and nobody would say so. */
	if (b->format != BUILDER_KERNEL && repowords_may(b->allow, "cmdline", ""))
		return doc_fail(doc, allowing_cmdline(doc), e, "allow: cmdline is a setting of "
				"format: kernel; remove it");
	if (n > BUILDER_MODULES_MAX)
		return doc_fail(doc, doc_get(doc, "kernel_modules"), e, "kernel_modules has %zu "
				"files; %d are allowed", n, BUILDER_MODULES_MAX);
	if (b->format == BUILDER_KERNEL && imply(b) < 0)
		return err_set(e, ERR_NOBODY, "%s: out of memory", doc->name);
	return 0;
}
