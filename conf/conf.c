/* conf: DIAGNOSTICS: ERR_OPERATOR with FILE:LINE:COLUMN; ERR_NOBODY if memory or descriptors run
 * out. */
#include "conf/conf.h"

#include "conf/confsettings.h"
#include "conf/yaml.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* `workers: auto`: memory for one build, and the most that are allowed. */
enum { WORKER_MB = 500, WORKERS_MAX = 64 };

const char *conf_find(const char *option)
{
	const char *named = getenv("HORNERO_CONF");

	if (option)
		return option;
	return named && *named ? named : SYSCONFDIR "/hornero/hornero.yaml";
}

void conf_free(struct conf *c)
{
	if (!c)
		return;

	const char **derived[] = {&c->path, &c->queue_dir, &c->run_dir, &c->log_dir, &c->images_dir,
				  &c->skip_dir, &c->pause_dir, &c->fence_dir, &c->cache_dir,
				  &c->mirror_dir, &c->audit_dir};

	for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++)
		free((char *)*derived[i]);
	settings_fini(&conf_settings, c);
	free(c);
}

static void derive(struct conf *c)
{
	c->queue_dir = fs_path("%s/queue", c->state_dir);
	c->run_dir = fs_path("%s/run", c->state_dir);
	c->log_dir = fs_path("%s/log", c->state_dir);
	c->images_dir = fs_path("%s/images.d", c->state_dir);
	c->skip_dir = fs_path("%s/skip", c->state_dir);
	c->pause_dir = fs_path("%s/pause", c->state_dir);
	c->fence_dir = fs_path("%s/fence", c->state_dir);
	c->mirror_dir = fs_path("%s/mirror", c->state_dir);
	c->audit_dir = fs_path("%s/audit", c->state_dir);
	c->cache_dir = fs_path("%s/%s", c->instances_path, c->cache_subdir);
}

static int64_t workers_by_limits(struct conf *c)
{
	int64_t cpus = (sysconf(_SC_NPROCESSORS_ONLN) * c->compile_core_limit + 99) / 100;
	int64_t by_memory = c->compile_mem_limit / WORKER_MB;
	int64_t n = cpus + 1 < by_memory ? cpus + 1 : by_memory;

	c->workers_by = by_memory < cpus + 1 ? CONF_WORKERS_BY_MEMORY : CONF_WORKERS_BY_CORES;
	if (n < 1)
		return 1;
	return n < WORKERS_MAX ? n : WORKERS_MAX;
}

int conf_parse(struct conf **out, const char *path, const char *text, size_t len, struct err *e)
{
	const char *slash = strrchr(path, '/');
	own_free char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
				   : NULL;
	own_conf struct conf *c = calloc(1, sizeof(*c));
	own_doc struct doc *doc = NULL;

	if (!c || (slash && !dir))
		return err_set(e, ERR_NOBODY, "%s: out of memory", path);
	if (doc_parse(path, text, len, ERR_OPERATOR, &doc, e) < 0 ||
	    settings_read(&conf_settings, doc, dir, c, e) < 0)
		return -1;
	c->path = fs_path("%s", path);
	derive(c);
	if (c->workers == 0)
		c->workers = workers_by_limits(c);
	*out = steal_ptr(&c);
	return 0;
}

int conf_read(const char *path, char real[PATH_MAX], char **text, size_t *len, struct err *e)
{
	/* A repository holds a link to the file. Relative paths start at the file itself. */
	if (!realpath(path, real))
		return err_sys(e, ERR_OPERATOR,
			       "cannot find the configuration %s (write it, or name another with "
			       "-c FILE or HORNERO_CONF)",
			       path);
	return fs_read(AT_FDCWD, real, DOC_BYTES_MAX, text, len, e);
}

int conf_load(struct conf **out, const char *path, struct err *e)
{
	own_free char *text = NULL;
	char real[PATH_MAX];
	size_t len;

	if (conf_read(path, real, &text, &len, e) < 0 || conf_parse(out, real, text, len, e) < 0)
		return -1;
	failpoint_arm((*out)->failpoint);
	return 0;
}

static struct floor floor_of(const struct conf *c, const char *dir, int64_t bytes,
			     const char *setting)
{
	return (struct floor){.dir = dir,
			      .bytes = bytes,
			      .setting = setting,
			      .reserved_on = c->instances_path,
			      .reserved_bytes = c->reserved_host_disk_mb << 20};
}

struct floor conf_store_floor(const struct conf *c)
{
	return floor_of(c, c->store_dir, c->store_floor_bytes, "store_floor");
}

struct floor conf_work_floor(const struct conf *c)
{
	return floor_of(c, c->repo_base, c->store_floor_bytes, "store_floor");
}

/* Nova creates the cache directory with its first image; until then use its parent. */
struct floor conf_cache_floor(const struct conf *c)
{
	const char *dir = access(c->cache_dir, F_OK) == 0 ? c->cache_dir : c->instances_path;

	return floor_of(c, dir, c->cache_floor_bytes, "cache_floor");
}

struct floor conf_state_floor(const struct conf *c)
{
	return floor_of(c, c->state_dir, c->state_floor_bytes, "state_floor");
}

void conf_print_settings(FILE *out, const char *format)
{
	if (strcmp(format, "man") == 0) {
		settings_print(&conf_settings, out, SETTINGS_MAN);
		return;
	}
	fputs("# hornero.yaml: the configuration of one compute node; see hornero.yaml(5).\n# "
	      "Every setting is listed with its default; to change one, remove its #. Relative "
	      "paths start at\n# this file's directory. `systemctl reload hornerod` applies "
	      "changes.\n\n",
	      out);
	settings_print(&conf_settings, out, SETTINGS_YAML);
}
