/* builder: DIAGNOSTICS: ERR_OPERATOR if the directory cannot be read, ERR_NOBODY if memory or
 * descriptors run out. A bad file adds a message to struct builders. */
#include "conf/builder.h"

#include "conf/check.h"
#include "conf/input.h"
#include "conf/repowords.h"
#include "conf/setting.h"
#include "conf/yaml.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct builder, member)

static const char *const reproducibles[] = {
	[BUILDER_REPRODUCIBLE_NO] = "no", [BUILDER_REPRODUCIBLE_YES] = "yes", NULL,
};

static const char *const formats[] = {
	[BUILDER_RAW] = "raw", [BUILDER_QCOW2] = "qcow2", [BUILDER_KERNEL] = "kernel", NULL,
};
static const char *const firmwares[] = {
	[BUILDER_BIOS] = "bios", [BUILDER_UEFI] = "uefi", [BUILDER_BOTH] = "both", NULL,
};

static const struct setting settings[] = {
	{.name = "detect", .type = SETTING_LIST, .check = check_detect, AT(detect),
	 .allowed = "a list of relative paths",
	 .help = "Files that select this builder if the image's tree has any of them; see CHOICE "
		 "OF THE BUILDER. If unset, the builder is used only if an image or a repository "
		 "names it."},
	{.name = "instead_of", .type = SETTING_LIST, .check = check_name, AT(instead_of),
	 .allowed = "a list of names of builders",
	 .help = "Builders that do not count in a tree that this builder matches by detect."},
	{.name = "group", .type = SETTING_TEXT, .check = check_name, AT(group),
	 .allowed = "a name of a-z, 0-9 and -",
	 .help = "Control group in which the builder runs, below the top group; see "
		 "hornero-group(5). If unset, it has the name of the builder."},
	{.name = "argv", .type = SETTING_LIST, .required = true, AT(argv),
	 .allowed = "a list of words",
	 .help = "The command and its arguments. They are not passed through a shell. If the "
		 "command needs one, write [sh, -c, \"cd node && make\"]."},
	{.name = "env", .type = SETTING_MAP, AT(env), .allowed = "a mapping of names to texts",
	 .help = "Environment variables in addition to the usual ones."},
	{.name = "artifact", .type = SETTING_TEXT, .check = check_artifact, .required = true,
	 AT(artifact), .allowed = "an absolute path below /build",
	 .help = "The file that the command writes, with its path in the sandbox. It is deleted "
		 "before each run, so that a new one proves success."},
	{.name = "format", .type = SETTING_CHOICE, .choices = formats, .required = true, AT(format),
	 .help = "Format of the artifact. hornero never guesses it: a build that could choose the "
		 "format could read files of the node. With kernel, hornero makes a bootable disk "
		 "around it; see KERNELS."},
	{.name = "firmware", .type = SETTING_CHOICE, .choices = firmwares, .fallback = "bios",
	 AT(firmware),
	 .help = "With format: kernel, which firmware can boot the disk. uefi and both are for "
		 "images with Glance's hw_firmware_type=uefi."},
	{.name = "cmdline", .type = SETTING_TEXT, .check = check_cmdline, .fallback = "",
	 AT(cmdline), .allowed = CHECK_CMDLINE_ALLOWED,
	 .help = "With format: kernel, the kernel's command line. Words are separated by one "
		 "blank each."},
	{.name = "initrd", .type = SETTING_TEXT, .check = check_artifact, AT(initrd),
	 .allowed = "an absolute path below /build",
	 .help = "With format: kernel, a file for a Linux kernel to load as its initial RAM disk, "
		 "with its path in the sandbox."},
	{.name = "kernel_modules", .type = SETTING_LIST, .check = check_artifact,
	 AT(kernel_modules), .allowed = "a list of at most 8 absolute paths below /build",
	 .help = "With format: kernel, files for a multiboot kernel to load as modules, with their "
		 "paths in the sandbox. Each module's text is the file's name."},
	{.name = "needs", .type = SETTING_LIST, .check = check_program, AT(needs),
	 .allowed = "a list of program names or absolute paths",
	 .help = "Programs that must be on the node: in a directory of PATH in env that builds "
		 "see, which may be in an input, or below /usr. If one is missing, the job is held "
		 "for the operator, and its reason names the program."},
	{.name = "version", .type = SETTING_LISTS, AT(version),
	 .allowed = "a list of commands, each a list of words",
	 .help = "Commands whose output belongs to the content key: if it changes, images are "
		 "built again. They run with that PATH when a file has changed that they or needs "
		 "name, and at each sweep. If one fails or takes too long, the job is not held: it "
		 "waits and is tried again."},
	{.name = "inputs", .type = SETTING_LIST, .check = check_input, AT(inputs),
	 .allowed = "a list of HOST, HOST:SANDBOX, base:NAME or base:NAME:SANDBOX, absolute paths",
	 .help = "Files and directories of the node that the sandbox sees read-only, at the same "
		 "path or at SANDBOX. base:NAME is a file of base_dir, which hornero base add put "
		 "there; it appears at /build/base/NAME or at SANDBOX. Their digests belong to the "
		 "content key. If one is missing or cannot be used, the job is held for the "
		 "operator before a build starts."},
	{.name = "devices", .type = SETTING_LIST, .check = check_device, AT(devices),
	 .allowed = "a list of paths below /dev",
	 .help = "Devices of the node that the sandbox sees."},
	{.name = "build_timeout", .type = SETTING_DURATION, .min = 1, .max = 7 * 24 * 3600,
	 AT(build_timeout_s),
	 .help = "Longest time that one run may take, counted as build_timeout in hornero.yaml is. "
		 "If unset, or if it is longer, that of hornero.yaml applies."},
	{.name = "clean_when", .type = SETTING_LIST, .check = check_relative, AT(clean_when),
	 .allowed = "a list of relative paths, in which *, ? and [...] match within a component",
	 .help = "Files whose change requires a clean build, because the results of earlier builds "
		 "are then useless. A pattern without a slash matches in every directory of the "
		 "image's tree."},
	{.name = "reproducible", .type = SETTING_CHOICE, .choices = reproducibles, .fallback = "no",
	 AT(reproducible),
	 .help = "With yes, two clean builds of the same content give the same bytes. The artifact "
		 "of each incremental build is then built again by a clean build while the node is "
		 "idle, and is replaced if the bytes differ; see confirm in hornero.yaml(5)."},
	{.name = "fetch", .type = SETTING_LIST, AT(fetch), .allowed = "a list of words",
	 .help = "A command that fetches what builds need from elsewhere. It runs before a build, "
		 "with a network, and writes to /build/fetched; see FETCHING. It is not passed "
		 "through a shell. With allow_fetch: no in hornero.yaml, jobs of this builder are "
		 "held."},
	{.name = "fetch_locks", .type = SETTING_LIST, .check = check_relative, AT(fetch_locks),
	 .allowed = "a list of relative paths, in which *, ? and [...] match within a component",
	 .help = "Files of the image's tree that decide what is fetched, such as go.sum. While "
		 "they stay the same, nothing is fetched again. A pattern without a slash matches "
		 "in every directory of the tree. Required with fetch."},
	{.name = "fetch_env", .type = SETTING_MAP, AT(fetch_env),
	 .allowed = "a mapping of names to texts",
	 .help = "Environment variables for fetch alone, in addition to env: https_proxy, for "
		 "example."},
	{.name = "allow", .type = SETTING_LIST, .check = repowords_check_allow, AT(allow),
	 .allowed = "a list of artifact, arguments, target, cmdline, subdir, boot_bus, also and "
		    "\"env NAME...\"",
	 .help = "Settings that a repository may have in its .hornero.yaml, besides builder, "
		 "expect and timeout. An entry \"env CC CFLAGS\" allows these two variables. "
		 "Variables that decide which files programs run, such as PATH and LD_PRELOAD, "
		 "cannot be allowed. cmdline needs format: kernel."},
};

const struct settings builder_settings = {"a builder file", settings,
					  sizeof(settings) / sizeof(settings[0])};

void builder_fini(struct builder *b)
{
	settings_fini(&builder_settings, b);
	for (size_t i = 0; b->inputs_at && b->inputs_at[i]; i++)
		free(b->inputs_at[i]);
	free(b->inputs_at);
	free(b->name);
	free(b->text);
	memset(b, 0, sizeof(*b));
}

static void builder_end(struct builder *b)
{
	builder_fini(b);
}

/* Splits each "HOST:SANDBOX"; HOST alone is both. "base:NAME" alone has a place of its own, so that
 * builder files do not depend on base_dir. */
static int split_inputs(struct builder *b)
{
	size_t n = 0;

	while (b->inputs[n])
		n++;
	b->inputs_at = calloc(n + 1, sizeof(char *));
	if (!b->inputs_at)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *base = input_base(b->inputs[i]);
		char *colon = strchr(base ? base : b->inputs[i], ':');

		b->inputs_at[i] = colon  ? fs_path("%s", colon + 1)
				  : base ? fs_path(INPUT_BASE_AT "/%s", base)
					 : fs_path("%s", b->inputs[i]);
		if (colon)
			*colon = '\0';
	}
	return 0;
}

/* Lists in struct builder are NULL if they are empty. */
static void drop_empty(char ***list)
{
	if (*list && !**list) {
		free(*list);
		*list = NULL;
	}
}

int builder_parse(const char *file, const char *name, const char *text, size_t len,
		  struct builder *out, struct err *e)
{
	__attribute__((cleanup(builder_end))) struct builder b = {0};
	own_doc struct doc *doc = NULL;

	if (check_name(name, e) < 0) {
		err_wrap(e, "%s: the name of a builder file", file);
		e->class = ERR_OPERATOR;
		return -1;
	}
	if (doc_parse(file, text, len, ERR_OPERATOR, &doc, e) < 0 ||
	    settings_read(&builder_settings, doc, NULL, &b, e) < 0)
		return -1;
	b.name = strdup(name);
	b.text = malloc(len + 1);
	if (!b.group)
		b.group = strdup(name);
	if (!b.name || !b.text || !b.group || split_inputs(&b) < 0)
		return err_set(e, ERR_NOBODY, "%s: out of memory", file);
	if (builder_inputs(&b, doc, e) < 0)
		return -1;
	memcpy(b.text, text, len);
	b.text[len] = '\0';
	b.text_len = len;
	drop_empty(&b.detect);
	drop_empty(&b.instead_of);
	drop_empty(&b.env);
	drop_empty(&b.needs);
	drop_empty(&b.inputs);
	if (!b.inputs)
		drop_empty(&b.inputs_at);
	drop_empty(&b.devices);
	drop_empty(&b.clean_when);
	drop_empty(&b.allow);
	drop_empty(&b.kernel_modules);
	drop_empty(&b.fetch);
	drop_empty(&b.fetch_locks);
	drop_empty(&b.fetch_env);
	if (b.version && !*b.version) {
		free(b.version);
		b.version = NULL;
	}
	if (builder_kernel(&b, doc, e) < 0 || builder_fetch(&b, doc, e) < 0)
		return -1;
	*out = b;
	memset(&b, 0, sizeof(b));
	return 0;
}

void builders_free(struct builders *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n; i++)
		builder_fini(&b->list[i]);
	free(b->list);
	for (size_t i = 0; i < b->nbroken; i++)
		free(b->broken_names[i]);
	free(b->broken_names);
	free(b->broken);
	free(b);
}

static int load_one(const char *dir, const char *file, struct builders *all, struct err *e)
{
	own_free char *path = fs_path("%s/%s", dir, file);
	own_free char *name = strndup(file, strlen(file) - strlen(".yaml"));
	own_free char *text = NULL;
	struct builder *list = reallocarray(all->list, all->n + 1, sizeof(*list));
	struct err *broken = NULL;
	char **names = NULL;
	struct err problem = ERR_INIT;
	size_t len;

	if (list)
		all->list = list;
	broken = reallocarray(all->broken, all->nbroken + 1, sizeof(*broken));
	if (broken)
		all->broken = broken;
	names = reallocarray(all->broken_names, all->nbroken + 1, sizeof(*names));
	if (names)
		all->broken_names = names;
	if (!name || !list || !broken || !names)
		return err_set(e, ERR_NOBODY, "%s: out of memory", path);
	if (fs_read(AT_FDCWD, path, DOC_BYTES_MAX, &text, &len, &problem) == 0 &&
	    builder_parse(path, name, text, len, &all->list[all->n], &problem) == 0) {
		all->n++;
		return 0;
	}
	/* Out of memory or descriptors: the file itself may be fine. */
	if (problem.class == ERR_NOBODY) {
		*e = problem;
		return -1;
	}
	all->broken_names[all->nbroken] = steal_ptr(&name);
	all->broken[all->nbroken++] = problem;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct builder *)a)->name, ((const struct builder *)b)->name);
}

static bool is_builder_file(const char *file)
{
	size_t len = strlen(file);

	return file[0] != '.' && len > 5 && strcmp(file + len - 5, ".yaml") == 0;
}

int builders_load(const char *builders_dir, struct builders **out, struct err *e)
{
	own_builders struct builders *all = calloc(1, sizeof(*all));
	own_dir DIR *d = NULL;
	struct dirent *entry;

	if (!all)
		return err_set(e, ERR_NOBODY, "out of memory");
	d = opendir(builders_dir);
	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot read the builders in %s (builders_dir)",
			       builders_dir);
	while ((entry = readdir(d)))
		if (is_builder_file(entry->d_name) &&
		    load_one(builders_dir, entry->d_name, all, e) < 0)
			return -1;
	if (all->n > 0)
		qsort(all->list, all->n, sizeof(*all->list), by_name);
	*out = steal_ptr(&all);
	return 0;
}

int builders_load_one(const char *builders_dir, const char *name, struct builders **out,
		      struct err *e)
{
	own_builders struct builders *all = calloc(1, sizeof(*all));
	own_free char *file = fs_path("%s.yaml", name);

	if (!all)
		return err_set(e, ERR_NOBODY, "out of memory");
	if (is_builder_file(file) && !strchr(file, '/') &&
	    load_one(builders_dir, file, all, e) < 0)
		return -1;
	*out = steal_ptr(&all);
	return 0;
}

const struct builder *builder_find(const struct builders *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->list[i].name, name) == 0)
			return &b->list[i];
	return NULL;
}

const char *builder_group(const struct builders *list, const char *name)
{
	const struct builder *b = list ? builder_find(list, name) : NULL;

	return b ? b->group : "new";
}
