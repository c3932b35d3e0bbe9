/* order: DIAGNOSTICS: ERR_USAGE if the command is malformed, ERR_PUSHER if the key may not,
 * ERR_OPERATOR if the node is not set up correctly. All are in words for the client. */
#include "door/order.h"

#include "state/githead.h"
#include "conf/image.h"
#include "state/relics.h"
#include "door/cost.h"
#include "lib/bell.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { PROTOCOL_MAX = 64, CREATE_WAIT_MS = 30000, CREATE_SAID_MAX = 4096 };

bool order_takes_env(const char *name, const char *value)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=:.-_";
	size_t len = strlen(value);

	return strcmp(name, "GIT_PROTOCOL") == 0 && len > 0 && len <= PROTOCOL_MAX &&
	       strspn(value, letters) == len;
}

static int no_repository(const struct order *o, const struct key_entry *key, struct err *e)
{
	return err_set(e, ERR_PUSHER, "there is no repository %s that the key %s may %s",
		       o->line.repo, key->name, o->line.service->writes ? "push to" : "read");
}

/* Creates the repository with `hornero repo create`. */
static int create_repo(struct order *o, const struct conf *c, const struct key_entry *key,
		       struct err *e)
{
	own_free char *program = fs_path("%s/hornero", c->libexec_dir);
	const char *const argv[] = {program,  "--key",	    key->name, "repo",
				    "create", o->line.repo, NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_free char *said = NULL;
	size_t len;
	int status;

	s.envp = args_list(&o->env);
	s.err = STDERR_FILENO;
	status = spawn_capture(&s, CREATE_WAIT_MS, CREATE_SAID_MAX, &said, &len, e);
	if (status < 0)
		return -1;
	return status == 0 ? 0
			   : err_set(e, ERR_OPERATOR,
				     "cannot create the repository %s; the node's log says why",
				     o->line.repo);
}

/* Opens beneath repo_root and follows no link: no name leads to another name's repository. */
static int open_repo(struct order *o, const struct conf *c, const struct key_entry *key,
		     struct err *e)
{
	own_fd int root = open(c->repo_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_free char *name = fs_path("%s.git", o->line.repo);
	struct err problem = ERR_INIT;

	if (root < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open repo_root");
	o->repo = fs_open_beneath(root, name, O_PATH | O_DIRECTORY, 0);
	if (o->repo < 0 && errno == ENOENT && o->line.service->writes &&
	    key_may(key, KEY_CREATE, o->line.repo)) {
		int made = create_repo(o, c, key, &problem);

		/* Of two simultaneous first pushes one finds it made. */
		o->repo = fs_open_beneath(root, name, O_PATH | O_DIRECTORY, 0);
		if (o->repo < 0 && made < 0) {
			*e = problem;
			return -1;
		}
		o->made = made == 0;
	}
	if (o->repo >= 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EXDEV)
		return no_repository(o, key, e);
	return err_sys(e, ERR_OPERATOR, "cannot open the repository %s", o->line.repo);
}

/* Takes nothing from the client but GIT_PROTOCOL, and nothing from a home directory. */
static void make_env(struct order *o, const struct conf *c, const struct key_entry *key,
		     const char *way, const char *protocol)
{
	const char *path = getenv("PATH");

	args_addf(&o->env, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
	args_addf(&o->env, "HOME=%s", c->repo_root);
	args_add(&o->env, "LANG=C.UTF-8");
	args_add(&o->env, "GIT_CONFIG_GLOBAL=/dev/null");
	args_addf(&o->env, "HORNERO_CONF=%s", c->path);
	args_addf(&o->env, "HORNERO_KEY=%s", key->name);
	args_addf(&o->env, "HORNERO_DOOR=%s", way);
	args_addf(&o->env, "HORNERO_FROM=%s", o->peer);
	if (protocol && order_takes_env("GIT_PROTOCOL", protocol))
		args_addf(&o->env, "GIT_PROTOCOL=%s", protocol);
}

/* Removes leftovers of dead pushes: their quarantines may take the disk space that this push
 * needs. A push whose post-receive did not finish may have refs without a row. pre-receive does
 * the rest. */
static void clear_repo(const struct order *o, const struct conf *c)
{
	static const char *const none[] = {NULL};

	if (o->line.service->writes)
		relics_remove(o->repo, none, 0);
	if (relics_bury(o->repo) > 0)
		bell_look(c->run_dir, o->line.repo);
}

/* A clone checks out the branch that HEAD names. On the node `image add` may not write the
 * repository, so set HEAD here. */
static void settle_head(const struct order *o, const struct conf *c)
{
	struct err ignored = ERR_INIT;
	struct image *list = NULL;
	char now[GITHEAD_MAX];
	size_t n = 0;

	if (!githead_branch(o->repo, now) || githead_has(o->repo, now) ||
	    images_load(c->images_dir, &list, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (!list[i].broken && strcmp(list[i].repo, o->line.repo) == 0 &&
		    githead_follow(o->repo, list[i].ref))
			break;
	images_free(list, n);
}

static int make_git(struct order *o, const struct conf *c, const struct key_entry *key,
		    struct err *e)
{
	const struct line_service *service = o->line.service;

	if (!key_may(key, service->writes ? KEY_WRITE : KEY_READ, o->line.repo))
		return no_repository(o, key, e);
	if (open_repo(o, c, key, e) < 0)
		return -1;
	clear_repo(o, c);
	settle_head(o, c);
	args_add(&o->args, "git");
	if (service->writes) {
		args_add(&o->args, "-c");
		args_addf(&o->args, "pack.threads=%d", COST_THREADS);
	}
	args_add(&o->args, service->name);
	args_add(&o->args, ".");
	return 0;
}

static void make_words(struct order *o, const struct conf *c, const struct key_entry *key)
{
	args_addf(&o->args, "%s/hornero", c->libexec_dir);
	args_add(&o->args, "--key");
	args_add(&o->args, key->name);
	for (int i = 0; i < o->line.argc; i++)
		args_add(&o->args, o->line.argv[i]);
}

int order_make(struct order *o, const struct conf *c, const struct key_entry *key, const char *way,
	       const char *command, const char *protocol, struct err *e)
{
	if (line_parse(&o->line, command ? command : "", e) < 0)
		return -1;
	if (o->line.argc > 0 && strncmp(o->line.argv[0], "git-lfs", strlen("git-lfs")) == 0)
		return err_set(e, ERR_USAGE,
			       "no git-lfs here: push without it, or set lfs.url elsewhere");
	make_env(o, c, key, way, protocol);
	if (o->line.service) {
		if (make_git(o, c, key, e) < 0)
			return -1;
	} else {
		make_words(o, c, key);
	}
	if (args_check(&o->args, e) < 0 || args_check(&o->env, e) < 0)
		return -1;
	return 0;
}

void order_report(const struct err *e, const char *peer, const char *key)
{
	char quoted[ERR_MSG_MAX];

	if (e->class == ERR_OPERATOR || e->class == ERR_NOBODY || e->class == ERR_US)
		log_error("event=command-failed peer=%s key=%s why=%s", peer, key,
			  log_quote(quoted, sizeof(quoted), e->msg));
}

int order_enter(const struct order *o, struct err *e)
{
	if (o->repo < 0 ? chdir("/") < 0 : fchdir(o->repo) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot enter the repository %s", o->line.repo);
	return 0;
}

const char *order_note(const struct order *o, char *buf, size_t size)
{
	snprintf(buf, size, "made the repository %s", o->line.repo);
	return o->made ? buf : NULL;
}

void order_fini(struct order *o)
{
	if (o->repo >= 0)
		close(o->repo);
	args_fini(&o->args);
	args_fini(&o->env);
}
