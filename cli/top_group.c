/* top_group: reads from the control group of an attempt what it has used and which stage runs.
 * DIAGNOSTICS: none; unreadable values are left out. */
#include "cli/top.h"

#include "lib/bell.h"
#include "lib/clock.h"
#include "lib/fairtime.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_BYTES = 512,
	GROUP_FILE_MAX = 16384,
	STARVED_MOST = 64,
	STARVED_LOOKS = 10,
	STARVED_NAP_MS = 50
};

/* Returns the directory of the build groups on cgroup v2, beside hornerod's own group; NULL if not
 * on v2. */
static char *find_v2(const struct conf *c)
{
	own_free char *path = fs_path("/proc/%ld/cgroup", bell_noted_agent(c->run_dir));
	own_file FILE *groups = fopen(path, "re");
	char line[LINE_BYTES];

	while (groups && fgets(line, sizeof(line), groups)) {
		char *end = strrchr(line, '/');

		if (strncmp(line, "0::/", 4) == 0 && strcmp(end, "/agent\n") == 0) {
			*end = '\0';
			return fs_path("/sys/fs/cgroup%s/%s", line + 3, c->cgroup_top);
		}
	}
	return NULL;
}

/* Returns the attempt's directory in the hierarchy of this controller, which the caller frees; NULL
 * if there is none. */
static char *find_leaf(const struct conf *c, const char *v2, const char *controller,
		       const char *leaf)
{
	own_free char *pattern = v2 ? fs_path("%s/*/%s", v2, leaf)
				    : fs_path("/sys/fs/cgroup/*%s*/%s/*/%s", controller,
					      c->cgroup_top, leaf);
	char *found = NULL;
	glob_t g;

	if (glob(pattern, GLOB_NOSORT, NULL, &g) != 0)
		return NULL;
	if (g.gl_pathc > 0)
		found = fs_path("%s", g.gl_pathv[0]);
	globfree(&g);
	return found;
}

static char *read_file(const char *dir, const char *file)
{
	own_free char *path = fs_path("%s/%s", dir, file);
	struct err ignored = ERR_INIT;
	char *text = NULL;
	size_t len;

	return dir && fs_read(AT_FDCWD, path, GROUP_FILE_MAX, &text, &len, &ignored) == 0 ? text
											  : NULL;
}

/* Returns the number after `field`, or the first number of the file if field is "". */
static int64_t number(const char *dir, const char *file, const char *field)
{
	own_free char *text = read_file(dir, file);
	const char *at = text && *field ? strstr(text, field) : text;

	return at ? strtoll(at + strlen(field), NULL, 10) : 0;
}

/* Our own programs are recognised by name; any other process belongs to the builder. */
static void look_at_process(long pid, struct usage *out)
{
	static const struct {
		const char *program, *stage;
	} stages[] = {{"hornero-checkou", "checkout"},
		      {"hornero-check", "check"},
		      {"hornero-kernel2", "check"},
		      {"hornero-netns", "fetch"},
		      {"hornero-boot", "boot"},
		      {"bwrap", ""}};
	own_free char *dir = fs_path("/proc/%ld", pid);
	own_free char *name = read_file(dir, "comm");
	const char *stage = "build";

	if (!name || pid <= 0)
		return;
	name[strcspn(name, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(name, stages[i].program) == 0)
			stage = stages[i].stage;
	/* QEMU runs beside hornero-boot, and a command beside hornero-netns, so "boot" and "fetch"
	 * win over "build". */
	if (*stage && strcmp(out->stage, "boot") != 0 && strcmp(out->stage, "fetch") != 0)
		snprintf(out->stage, sizeof(out->stage), "%s", stage);
}

/* Opens the attempt's groups that account processor time. Returns their number. */
static size_t open_groups(const struct conf *c, const char *v2, const struct job *j, int dirs[2])
{
	static const char *const controllers[] = {"cpuacct", "cpu"};
	own_free char *leaf = fs_path("%lld.%lld", (long long)j->id, (long long)j->attempt);
	size_t n = 0;

	for (int i = 0; i < (v2 ? 1 : 2); i++) {
		own_free char *path = find_leaf(c, v2, controllers[i], leaf);
		int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (dir >= 0)
			dirs[n++] = dir;
	}
	return n;
}

struct starving {
	int dirs[2];
	size_t n;
	struct fairtime time;
};

static int64_t now_ns(void)
{
	return clock_mono_ms() * 1000000;
}

static bool begin_starving(struct starving *s)
{
	struct fairtime_use use;

	fairtime_read(s->dirs, s->n, &use);
	fairtime_begin(&s->time, now_ns(), &use);
	return use.wants;
}

static void look_at_starving(struct starving *s)
{
	struct fairtime_use use;

	fairtime_read(s->dirs, s->n, &use);
	(void)fairtime_look(&s->time, now_ns(), &use);
}

void starved_look(const struct conf *c, const struct job *jobs, size_t n, double *percent)
{
	const struct timespec nap = {.tv_nsec = STARVED_NAP_MS * 1000000};
	struct starving all[STARVED_MOST];
	own_free char *v2 = find_v2(c);
	size_t used = 0;
	bool some = false;

	for (size_t i = 0; i < n; i++)
		percent[i] = -1;
	for (size_t i = 0; i < n && used < STARVED_MOST && jobs[i].state == JOB_RUNNING;
	     i++, used++) {
		all[i].n = open_groups(c, v2, &jobs[i], all[i].dirs);
		some = (all[i].n > 0 && begin_starving(&all[i])) || some;
	}
	for (int look = 0; look < STARVED_LOOKS && some; look++) {
		nanosleep(&nap, NULL);
		for (size_t i = 0; i < used; i++)
			if (all[i].n > 0)
				look_at_starving(&all[i]);
	}
	for (size_t i = 0; i < used; i++) {
		if (some && all[i].n > 0)
			(void)fairtime_is_starved(&all[i].time, &percent[i]);
		for (size_t k = 0; k < all[i].n; k++)
			close(all[i].dirs[k]);
	}
}

void usage_look(const struct conf *c, int64_t job, int64_t attempt, struct usage *out)
{
	own_free char *v2 = find_v2(c);
	own_free char *leaf = fs_path("%lld.%lld", (long long)job, (long long)attempt);
	own_free char *cpu = find_leaf(c, v2, "cpuacct", leaf);
	own_free char *memory = find_leaf(c, v2, "memory", leaf);
	own_free char *processes = read_file(memory, "cgroup.procs");

	*out = (struct usage){.cpu_ms = v2 ? number(cpu, "cpu.stat", "usage_usec ") / 1000
					   : number(cpu, "cpuacct.usage", "") / 1000000,
			      .memory_bytes = number(
				      memory, v2 ? "memory.current" : "memory.usage_in_bytes", "")};
	for (const char *at = processes; at && *at;
	     at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		look_at_process(strtol(at, NULL, 10), out);
}
