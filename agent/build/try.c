/* try: DIAGNOSTICS: ERR_USAGE for a directory or a file of the command line, else as the stages of
 * build.h. */
#include "agent/build/try.h"

#include "agent/build/build.h"
#include "agent/build/try_group.h"
#include "conf/repofile.h"
#include "lib/copy.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/answer.h"
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

enum { ZEROS = 64 };

/* In the places of ids and digests that a build by hand does not have. */
static const char zeros[ZEROS + 1] =
	"0000000000000000000000000000000000000000000000000000000000000000";

/* conf_free() frees the new path. */
static void point(const char **setting, char *path)
{
	free((char *)*setting);
	*setting = path;
}

static int run_program(struct args *a, struct err *e)
{
	struct spawn s = SPAWN_INIT(NULL);
	struct child child;
	char how[64];
	int status;

	if (args_check(a, e) < 0)
		return -1;
	s.argv = args_list(a);
	s.out = STDOUT_FILENO;
	s.err = STDERR_FILENO;
	if (spawn_start(&s, &child, e) < 0)
		return -1;
	status = spawn_wait(&child);
	return status == 0 ? 0
			   : err_set(e, ERR_USAGE, "%s ended with %s", s.argv[0],
				     spawn_status_text(status, how, sizeof(how)));
}

/* Copies everything in DIR except .git, which no build sees. */
static int copy_dir(const struct try_words *t, const char *src, struct err *e)
{
	own_args struct args a = ARGS_INIT;
	own_dir DIR *d = opendir(t->dir);
	struct dirent *entry;
	bool empty = true;

	if (!d)
		return err_sys(e, ERR_USAGE, "cannot look into %s", t->dir);
	args_add(&a, "cp");
	args_add(&a, "-a");
	args_add(&a, "--no-preserve=ownership");
	args_add(&a, "-t");
	args_add(&a, src);
	args_add(&a, "--");
	while ((entry = readdir(d))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0)
			continue;
		args_addf(&a, "%s/%s", t->dir, name);
		empty = false;
	}
	return empty ? 0 : run_program(&a, e);
}

static int give_to_builds(const struct conf *c, const char *work, struct err *e)
{
	own_args struct args a = ARGS_INIT;

	if (geteuid() != 0)
		return 0;
	args_add(&a, "chown");
	args_add(&a, "-Rh");
	args_addf(&a, "%u:%u", c->build_uid, c->build_gid);
	args_add(&a, "--");
	args_add(&a, work);
	return run_program(&a, e);
}

/* The checkout of a real attempt, without a repository. */
static int make_work(struct build *b, const struct try_words *t, struct err *e)
{
	own_free char *src = NULL, *cache = NULL;

	b->work_path = fs_path("%s/%s", b->conf->repo_base, b->image->uuid);
	src = fs_path("%s/src", b->work_path);
	cache = fs_path("%s/cache", b->work_path);
	if (fs_mkdir_p(src, 0755, e) < 0 || fs_mkdir_p(cache, 0755, e) < 0 ||
	    copy_dir(t, src, e) < 0 || give_to_builds(b->conf, b->work_path, e) < 0)
		return -1;
	b->work = fs_open_dir(AT_FDCWD, b->work_path, e);
	return b->work < 0 ? -1 : 0;
}

/* What .hornero.yaml of the copy says, as the checkout would report it. */
static int take_repofile(struct build *b, struct err *e)
{
	own_fd int src = openat(b->work, "src", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_free char *text = NULL;
	struct repofile file;
	size_t len = 0;

	if (src < 0)
		return err_sys(e, ERR_US, "cannot open %s/src", b->work_path);
	if (repofile_read(src, &file, &text, &len, e) < 0 ||
	    (text && repofile_allowed(REPOFILE_NAME, text, len, b->builder->name,
				      b->builder->allow, e) < 0))
		return -1;
	b->words = file.words;
	key_boot_of(b->image, &b->boot);
	memcpy(b->boot.expect, file.expect, sizeof(b->boot.expect));
	b->boot.timeout_s = file.timeout_s ? file.timeout_s : EXPECT_TIMEOUT_DEFAULT_S;
	if (*build_repo_says(b, "boot_bus"))
		snprintf(b->boot.bus, sizeof(b->boot.bus), "%s", build_repo_says(b, "boot_bus"));
	if (repowords_next(&b->words, "also", NULL))
		stage_note(&b->log, "%s has `also`: its paths are not in this directory, and a "
			   "build by hand does not see them", REPOFILE_NAME);
	return 0;
}

static int go_on(void *arg, struct err *e)
{
	sigset_t came;

	(void)arg;
	if (sigpending(&came) == 0 && sigismember(&came, SIGTERM) == 1)
		return err_set(e, ERR_USAGE, "stopped");
	return 0;
}

static int keep_artifact(const struct build *b, const struct try_words *t, struct err *e)
{
	own_fd int out = -1;
	own_fd int in = -1;
	static const char *const formats[] = {
		[BUILDER_RAW] = "raw", [BUILDER_QCOW2] = "qcow2", [BUILDER_KERNEL] = "kernel"};
	enum copy_way way;
	struct manifest m;
	struct stat st;

	in = store_open(b->conf->store_dir, b->verdict.made.digest, &m, e);
	if (in < 0)
		return -1;
	out = fs_create(AT_FDCWD, t->output, O_WRONLY, 0644);
	if (out < 0)
		return err_sys(e, ERR_USAGE, "cannot make %s", t->output);
	if (fstat(in, &st) < 0 || copy_file(in, out, st.st_size, go_on, NULL, &way, e) < 0) {
		FAILSTEP("try-unlink", unlink(t->output));
		return err_wrap(e, "cannot write %s", t->output);
	}
	printf("artifact: %s\nsize: %lld bytes\nformat: raw (%s in the builder file)\n"
	       "check: passed in %lld ms; the build took %lld ms\n",
	       t->output, (long long)st.st_size,
	       formats[b->builder->format],
	       (long long)b->verdict.check_ms, (long long)b->verdict.build_ms);
	if (*b->boot.expect)
		printf("boot: a line matched %s, after %lld ms\n", b->boot.expect,
		       (long long)b->verdict.boot_ms);
	else
		printf("boot: not checked, since " REPOFILE_NAME " has no expect\n");
	return 0;
}

static void fill_verdict(struct verdict *v, const struct image *img, const char *builder)
{
	v->made.job = v->made.attempt = 1;
	memcpy(v->made.image, img->uuid, sizeof(v->made.image));
	snprintf(v->made.builder, sizeof(v->made.builder), "%s", builder);
	snprintf(v->made.commit, sizeof(v->made.commit), "%.40s", zeros);
	snprintf(v->made.tree, sizeof(v->made.tree), "%.40s", zeros);
	snprintf(v->made.key, sizeof(v->made.key), "%s", zeros);
	snprintf(v->made.inputs, sizeof(v->made.inputs), "%s", zeros);
	snprintf(v->binding, sizeof(v->binding), "%s", zeros);
	snprintf(v->built, sizeof(v->built), "%s", ANSWER_CLEAN);
}

static int run_stages(struct build *b, const struct try_words *t, struct err *e)
{
	if (build_disk_begin(b) < 0 || build_builder(b) < 0 || build_store(b) < 0)
		return err_set(e, b->verdict.class, "%s", b->verdict.reason);
	return keep_artifact(b, t, e);
}

static int run(struct conf *c, struct build *b, const struct try_words *t, struct err *e)
{
	struct try_group group;
	int rc;

	if (make_work(b, t, e) < 0 || take_repofile(b, e) < 0 ||
	    key_parts(b->conf, b->builder, &b->parts, e) < 0)
		return -1;
	try_group_join(&group, c, b);
	rc = run_stages(b, t, e);
	fflush(stdout);
	try_group_leave(&group, b);
	return rc;
}

int try_build(struct conf *c, const struct try_words *t, struct err *e)
{
	own_builders struct builders *builders = NULL;
	own_image struct image img = {0};
	struct build b = {.conf = c, .image = &img, .work = -1, .staged = -1, .fetched_dir = -1,
			  .clean = true, .from_clean = true};
	int rc;

	/* A terminal signals all its processes. Our caller turns that into SIGTERM, at which the
	 * running stage first ends its sandbox. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (builders_load(c->builders_dir, &builders, e) < 0 ||
	    image_init(&img, "00000000-0000-0000-0000-000000000000", e) < 0)
		return -1;
	b.builders = builders;
	b.builder = builder_find(builders, t->builder);
	if (!b.builder)
		return err_set(e, ERR_USAGE, "there is no usable builder \"%s\" in %s", t->builder,
			       c->builders_dir);
	point(&c->repo_base, fs_path("%s/work", t->scratch));
	point(&c->store_dir, fs_path("%s/store", t->scratch));
	point(&c->state_dir, fs_path("%s/state", t->scratch)); /* digests of inputs */
	b.log = (struct stage_log){.fd = STDOUT_FILENO,
				   .times = LOGTIMES_NONE,
				   .limit_bytes = c->log_limit_bytes};
	fill_verdict(&b.verdict, &img, b.builder->name);
	memcpy(b.fetched, zeros, sizeof(b.fetched));
	if (stage_prepare(e) < 0 || syscalls_filters(b.filters, e) < 0 ||
	    store_init(c->store_dir, e) < 0)
		return -1;
	rc = run(c, &b, t, e);
	build_fini(&b);
	return rc;
}
