/* hornero-checkout: brings WORK/src to a ref, in a sandbox of its own.
 *
 *     3 <- commit OID, tree OID, expect TEXT, timeout SECONDS and the lines of conf/repowords.h (as
 *          far as .hornero.yaml has them), attributes HEX (if a .gitattributes lies above the
 *          subdirectory; the content key includes it), locks HEX (if --fetch-lock has patterns
 *          for the builder), builder NAME
 *     4 -> one byte: write, from what is there (g) or from nothing, without builder cache (c);
 *          end of file: stop, the caller knows enough (a known content key)
 *     3 <- source clean | source incremental, once WORK/src is the tree
 *     3 <- error TEXT on failure, and the exit code of its class
 *
 * `source clean`: src and cache were empty before: the first checkout, --clean, no record to rely
 * on, or a change that requires it (the log says "built clean: Makefile changed"). `source
 * incremental`: the builder's untracked files and its cache are still there. --clean-when
 * BUILDER=GLOB adds to the changes that start a checkout clean (treesync.h lists those that always
 * do). Only those of the chosen BUILDER count; GLOB is relative to the image's directory.
 *
 * DIAGNOSTICS: as treesync.h and checkout.h; ERR_USAGE for its own command line. */
#include "agent/sandboxed/checkout/checkout.h"
#include "agent/sandboxed/report.h"
#include "agent/sandboxed/checkout/treesync.h"
#include "lib/options.h"
#include "lib/own.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { GO_FD = 4, DETECT_MAX = 256, WHEN_MAX = 1024 };

/* Patterns of builders, as given. */
struct globs {
	struct {
		const char *builder, *glob;
	} list[WHEN_MAX];
	size_t n;
};

struct args {
	const char *repo, *ref, *subdir, *work;
	bool clean;
	enum conf_missing on_missing;
	struct checkout_choice choice;
	struct detect_file files[DETECT_MAX];
	struct detect_instead instead[DETECT_MAX];
	struct globs when, locks;
};

enum { OPT_REPO = 256, OPT_REF, OPT_SUBDIR, OPT_WORK, OPT_BUILDER, OPT_DETECT, OPT_CLEAN,
       OPT_CLEAN_WHEN, OPT_INSTEAD_OF, OPT_ON_MISSING, OPT_FETCH_LOCK };

static const struct argp_option options[] = {
	{"repo", OPT_REPO, "DIR", 0, "The bare repository", 0},
	{"ref", OPT_REF, "REF", 0, "Full name of the ref", 0},
	{"subdir", OPT_SUBDIR, "DIR", 0,
	 "The image's directory in the repository (default: all of it)", 0},
	{"work", OPT_WORK, "DIR", 0, "The image's directory here; DIR/src becomes the checkout", 0},
	{"builder", OPT_BUILDER, "NAME", 0, "Use this builder; ignore --detect", 0},
	{"detect", OPT_DETECT, "NAME=FILE", 0,
	 "Choose builder NAME if FILE is in the image's directory; one builder must match", 0},
	{"instead-of", OPT_INSTEAD_OF, "NAME=OTHER", 0,
	 "Builder OTHER does not count if NAME matches", 0},
	{"clean", OPT_CLEAN, NULL, 0, "Remove the checkout and the builder's cache first", 0},
	{"clean-when", OPT_CLEAN_WHEN, "NAME=GLOB", 0,
	 "The same if the builder is NAME and a path that matches GLOB changes", 0},
	{"fetch-lock", OPT_FETCH_LOCK, "NAME=GLOB", 0,
	 "If the builder is NAME, report a digest of the files that match GLOB", 0},
	{"on-missing", OPT_ON_MISSING, "WORD", 0,
	 "How to treat LFS files, filters and submodules (see on_missing in hornero.yaml(5))", 0},
	{0},
};

static void set_missing(struct args *a, const char *word, struct argp_state *state)
{
	for (int i = 0; conf_missing_words[i]; i++)
		if (strcmp(conf_missing_words[i], word) == 0) {
			a->on_missing = (enum conf_missing)i;
			return;
		}
	argp_error(state, "--on-missing does not know %s", word);
}

/* Splits NAME=VALUE and returns the value. */
static char *cut_pair(const char *option, char *pair, size_t n, size_t max,
		      struct argp_state *state)
{
	char *equals = strchr(pair, '=');

	if (!equals || equals == pair || equals - pair > CHECKOUT_BUILDER_MAX || equals[1] == '\0')
		argp_error(state, "%s takes NAME=VALUE, not %s", option, pair);
	if (n == max)
		argp_error(state, "more than %zu %s", max, option);
	*equals = '\0';
	return equals + 1;
}

static void add_detect(struct args *a, char *pair, struct argp_state *state)
{
	struct detect *d = &a->choice.detect;
	const char *file = cut_pair("--detect", pair, d->nfiles, DETECT_MAX, state);

	a->files[d->nfiles++] = (struct detect_file){.builder = pair, .file = file};
}

static void add_instead(struct args *a, char *pair, struct argp_state *state)
{
	struct detect *d = &a->choice.detect;
	const char *other = cut_pair("--instead-of", pair, d->ninstead, DETECT_MAX, state);

	a->instead[d->ninstead++] = (struct detect_instead){.builder = pair, .other = other};
}

static void add_glob(struct globs *to, const char *option, char *pair, struct argp_state *state)
{
	const char *glob = cut_pair(option, pair, to->n, WHEN_MAX, state);

	to->list[to->n].builder = pair;
	to->list[to->n++].glob = glob;
}

/* Selects those of one builder; NULL at the end. Returns their number. */
static size_t globs_of(const struct globs *all, const char *builder, const char *out[WHEN_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].builder, builder) == 0)
			out[n++] = all->list[i].glob;
	out[n] = NULL;
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_REPO: a->repo = arg; return 0;
	case OPT_REF: a->ref = arg; return 0;
	case OPT_SUBDIR: a->subdir = arg; return 0;
	case OPT_WORK: a->work = arg; return 0;
	case OPT_CLEAN: a->clean = true; return 0;
	case OPT_DETECT: add_detect(a, arg, state); return 0;
	case OPT_INSTEAD_OF: add_instead(a, arg, state); return 0;
	case OPT_ON_MISSING: set_missing(a, arg, state); return 0;
	case OPT_CLEAN_WHEN: add_glob(&a->when, "--clean-when", arg, state); return 0;
	case OPT_FETCH_LOCK: add_glob(&a->locks, "--fetch-lock", arg, state); return 0;
	case OPT_BUILDER:
		if (strlen(arg) > CHECKOUT_BUILDER_MAX || *arg == '\0')
			argp_error(state, "--builder takes a name of at most %d characters",
				   CHECKOUT_BUILDER_MAX);
		a->choice.named = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->repo || !a->ref || !a->work)
			argp_error(state, "--repo, --ref and --work are needed");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	options, parse, NULL,
	"Check out an image's ref. hornero-build runs this in a sandbox, with descriptors 3 and 4 "
	"open.",
	NULL, NULL, NULL,
};

/* Returns the byte, 0 if the caller wants no checkout, -1 on error. */
static int await_go(struct err *e)
{
	char byte;
	ssize_t n;

	do
		n = read(GO_FD, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, ERR_US, "cannot read descriptor %d", GO_FD);
	return n > 0 ? byte : 0;
}

static int write_source(struct checkout *k, const struct args *a, bool clean, const char *builder,
			struct err *e)
{
	const char *when[WHEN_MAX + 1];
	const struct treesync_how how = {.clean = a->clean || clean, .on_missing = a->on_missing,
					 .when = when};
	struct treesync_done done;

	globs_of(&a->when, builder, when);
	if (treesync_run(k, a->work, &how, &done, e) < 0)
		return err_wrap(e, "cannot check out commit %.12s", checkout_commit(k));
	if (done.why[0])
		fprintf(stderr, "hornero: built clean: %s\n", done.why);
	fprintf(stderr, "hornero: checkout of %.12s: %" PRIu64 " files written, %" PRIu64 " kept\n",
		checkout_tree(k), done.written, done.kept);
	report_line("source %s", done.clean ? "clean" : "incremental");
	return 0;
}

static int report_locks(struct checkout *k, const struct args *a, const char *builder,
			struct err *e)
{
	const char *patterns[WHEN_MAX + 1];
	char hex[CHECKOUT_HEX + 1];

	if (globs_of(&a->locks, builder, patterns) == 0)
		return 0;
	if (checkout_locks(k, patterns, hex, e) < 0)
		return -1;
	report_line("locks %s", hex);
	return 0;
}

static int run(const struct args *a, struct err *e)
{
	own_checkout struct checkout *k = NULL;
	char builder[CHECKOUT_BUILDER_MAX + 1];
	struct checkout_choice choice = a->choice;
	struct repofile file;
	int go;

	if (checkout_open(&k, a->repo, a->ref, a->subdir, e) < 0 ||
	    checkout_repofile(k, &file, e) < 0)
		return -1;
	if (!choice.named)
		choice.named = file.builder;
	if (checkout_builder(k, &choice, builder, e) < 0 || checkout_also(k, &file.words, e) < 0)
		return -1;
	report_line("commit %s", checkout_commit(k));
	report_line("tree %s", checkout_tree(k));
	if (file.expect[0])
		report_line("expect %s", file.expect);
	if (file.timeout_s)
		report_line("timeout %lld", (long long)file.timeout_s);
	for (const char *line = repowords_line(&file.words, NULL); line;
	     line = repowords_line(&file.words, line))
		report_line("%s", line);
	if (*checkout_above(k))
		report_line("attributes %s", checkout_above(k));
	if (report_locks(k, a, builder, e) < 0)
		return -1;
	report_line("builder %s", builder);
	go = await_go(e);
	return go <= 0 ? go : write_source(k, a, go == 'c', builder, e);
}

int main(int argc, char **argv)
{
	static struct args a = {.subdir = ""};
	struct err e = ERR_INIT;

	a.choice.detect.files = a.files;
	a.choice.detect.instead = a.instead;
	options_parse(&argp, argc, argv, &a, NULL);
	if (!report_has(REPORT_FD) || !report_has(GO_FD)) {
		fprintf(stderr, "hornero-checkout: descriptors %d and %d are not open; "
			"hornero-build starts this program\n", REPORT_FD, GO_FD);
		return err_exit(ERR_USAGE);
	}
	umask(022);
	return run(&a, &e) < 0 ? report_error(&e) : 0;
}
