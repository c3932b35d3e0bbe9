/* base: `hornero base add`, `base list` and `base remove`: the files of base_dir. DIAGNOSTICS:
 * ERR_USAGE for a name, a digest or a missing option; ERR_OPERATOR if base_dir is unusable. */
#include "cli/base.h"

#include "cli/change.h"
#include "cli/table.h"
#include "cli/view.h"
#include "cli/words.h"
#include "conf/builder.h"
#include "conf/check.h"
#include "conf/input.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct column columns[] = {
	{"name", CELL_TEXT, 0},
	{"size_bytes", CELL_BYTES, 0},
	{"added_ms", CELL_AGE, 0},
	{"builders", CELL_TEXT, 0},
};

/* Returns the names of the builders that use the base image, separated by ", ", or NULL. The caller
 * frees them. */
static char *users_of(const struct builders *all, const char *name)
{
	char *names = NULL;

	for (size_t i = 0; all && i < all->n; i++)
		for (char **input = all->list[i].inputs; input && *input; input++) {
			const char *base = input_base(*input);
			own_free char *before = NULL;

			if (!base || strcmp(base, name) != 0)
				continue;
			before = names;
			names = fs_path("%s%s%s", before ? before : "", before ? ", " : "",
					all->list[i].name);
			break;
		}
	return names;
}

static void list_row(struct listing *l, const struct builders *all, int dir, const char *name)
{
	own_free char *users = users_of(all, name);
	struct err ignored = ERR_INIT;
	struct stat st;

	if (check_component(name, &ignored) < 0 || fstatat(dir, name, &st, 0) < 0)
		return;
	listing_row(l, (struct cell[]){
			       {.text = name},
			       {.number = S_ISREG(st.st_mode) ? st.st_size : 0},
			       {.number = (int64_t)st.st_mtim.tv_sec * 1000},
			       {.text = users},
		       });
}

int base_list_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	own_builders struct builders *all = NULL;
	struct dirent **names = NULL;
	struct err ignored = ERR_INIT;
	struct listing l;
	int n;

	(void)call;
	if (!c)
		return -1;
	n = scandir(c->base_dir, &names, NULL, alphasort);
	if (n < 0 && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot list %s (base_dir)", c->base_dir);
	(void)builders_load(c->builders_dir, &all, &ignored);
	own_fd int dir = open(c->base_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	listing_begin(&l, cli, columns, sizeof(columns) / sizeof(columns[0]));
	for (int i = 0; i < n; i++) {
		list_row(&l, all, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return listing_end(&l, e);
}

static int check_base(const char *name, struct err *e)
{
	return check_component(name, e) < 0 ? err_wrap(e, "the name of a base image") : 0;
}

int base_remove_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *name = call->args[0];
	own_builders struct builders *all = NULL;
	own_free char *path = NULL;
	own_free char *users = NULL;
	struct err ignored = ERR_INIT;
	bool changed;

	if (!c || check_base(name, e) < 0)
		return -1;
	path = fs_path("%s/%s", c->base_dir, name);
	changed = FAILSTEP("base-unlink", unlink(path)) == 0;
	if (!changed && errno != ENOENT)
		return err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
	change_say(cli, changed, changed ? "%s is removed" : "there is no %s", path);
	(void)builders_load(c->builders_dir, &all, &ignored);
	users = changed ? users_of(all, name) : NULL;
	if (users)
		change_say(cli, true, "jobs of these builders are held until it is added again: %s",
			   users);
	return change_end(cli, changed, json_pack("{s:s}", "base", name));
}

/* Returns the digest that --sha256 demands, in lower case; "" if it was not given. */
static int take_digest(const struct call *call, char wanted[SHA256_HEX + 1], struct err *e)
{
	const char *option = call_option(call, "sha256");
	const char *from = call->args[1];

	snprintf(wanted, SHA256_HEX + 1, "%s", option ? option : "");
	for (char *at = wanted; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (option && (strlen(option) != SHA256_HEX || !sha256_valid(wanted)))
		return err_set(e, ERR_USAGE, "--sha256 needs 64 hexadecimal digits");
	if (!option && base_is_url(from))
		return err_set(e, ERR_USAGE,
			       "a URL needs --sha256 HEX, as its publisher states it; or fetch the "
			       "file yourself, check it, and name the file");
	return 0;
}

/* Returns 1 if the base image is there with these bytes, 0 if it may be written, -1 on error. */
static int look(const struct call *call, int dir, const char *digest, struct err *e)
{
	const char *name = call->args[0];
	own_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char has[SHA256_HEX + 1] = "";

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0 && sha256_fd(fd, has, e) < 0)
		return -1;
	if (fd >= 0 && strcmp(has, digest) == 0)
		return 1;
	if (call_option(call, "replace"))
		return 0;
	return err_set(e, ERR_USAGE, "there is a base image %s already; --replace replaces it, and "
		       "images of builders that use it are then built again", name);
}

static int end(const struct cli *cli, bool changed, const char *name, const char *digest)
{
	return change_end(cli, changed,
			  json_pack("{s:s,s:s}", "base", name, "sha256", digest));
}

static int end_unchanged(const struct cli *cli, const char *name, const char *digest)
{
	change_say(cli, false, "base image %s is there already, with these bytes", name);
	return end(cli, false, name, digest);
}

/* Gives the unnamed file its name. A name can be replaced by rename only. */
static int place(int dir, int fd, const char *name, bool replace, struct err *e)
{
	own_free char *from = fs_path("/proc/self/fd/%d", fd);
	own_free char *temporary = fs_path(".%s.%d.tmp", name, getpid());
	const char *to = replace ? temporary : name;

	if (FAILSTEP("base-link", linkat(AT_FDCWD, from, dir, to, AT_SYMLINK_FOLLOW)) < 0 ||
	    (replace && FAILSTEP("base-rename", renameat(dir, temporary, dir, name)) < 0)) {
		err_sys(e, ERR_OPERATOR, "cannot give the base image its name %s", name);
		if (replace)
			(void)FAILSTEP("base-undo", unlinkat(dir, temporary, 0));
		return -1;
	}
	return fs_sync_dir(dir, ".", e);
}

/* The file has no name until it is complete, so nothing is left after Ctrl-C. */
static int fill(const struct cli *cli, const struct call *call, struct base_source *s, int dir,
		const char *wanted, struct err *e)
{
	const struct conf *c = cli->conf;
	const char *name = call->args[0];
	own_fd int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	char digest[SHA256_HEX + 1], size_text[WORDS_MAX];
	int64_t size;
	int there;

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make a file in %s", c->base_dir);
	if (base_copy(s, fd, c->image_size_limit_bytes, digest, &size, e) < 0)
		return -1;
	if (*wanted && strcmp(digest, wanted) != 0)
		return err_set(e, ERR_USAGE, "%s has SHA-256 %s, not %s; nothing was added",
			       s->from, digest, wanted);
	there = look(call, dir, digest, e);
	if (there != 0)
		return there < 0 ? -1 : end_unchanged(cli, name, digest);
	if (fchmod(fd, 0644) < 0 || FAILSTEP("base-sync", fsync(fd)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot write to %s", c->base_dir);
	if (place(dir, fd, name, call_option(call, "replace") != NULL, e) < 0)
		return -1;
	change_say(cli, true, "base image %s: %s, SHA-256 %s", name, bytes_words(size_text, size),
		   digest);
	return end(cli, true, name, digest);
}

/* Root opens the file, which may be root's own, and then leaves root: base_dir is hornero's. */
static int leave_root(struct cli *cli, struct err *e)
{
	struct word stepping = *cli->word;

	stepping.flags &= ~WORD_AS_ROOT;
	return view_step_down(cli, &stepping, e) < 0 ? -1 : view_leave_root(e);
}

int base_add_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *name = call->args[0], *from = call->args[1];
	struct base_source s = {.fd = -1};
	char wanted[SHA256_HEX + 1];
	own_fd int dir = -1;
	struct err ignored = ERR_INIT;
	int there = 0;

	if (!c || check_base(name, e) < 0 || take_digest(call, wanted, e) < 0 ||
	    (!base_is_url(from) && base_open(&s, from, e) < 0) || leave_root(cli, e) < 0)
		return -1;
	dir = dirs_make(c->base_dir, 0755, NULL, e);
	if (dir < 0)
		return err_wrap(e, "run it as root, or `hornero init` first");
	(void)fs_clear_staging(c->base_dir, &ignored); /* of a --replace that was killed */
	if (*wanted)
		there = look(call, dir, wanted, e);
	if (there != 0)
		return there < 0 ? -1 : end_unchanged(cli, name, wanted);
	if (base_is_url(from) && base_fetch(&s, from, c->image_size_limit_bytes, e) < 0)
		return -1;
	return fill(cli, call, &s, dir, wanted, e);
}
