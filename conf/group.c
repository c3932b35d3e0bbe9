/* group: DIAGNOSTICS: ERR_OPERATOR with FILE:LINE:COLUMN; ERR_NOBODY if memory or descriptors run
 * out. */
#include "conf/group.h"

#include "conf/yaml.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>

#define AT(member) .offset = offsetof(struct group, member)
#define CORES "percent of the node's whole CPU capacity"
#define MEGABYTES "MB of 1,000,000 bytes"
#define PROCESSES "processes and threads"

static const struct setting settings[] = {
	{.name = "core_limit", .type = SETTING_COUNT, .min = 1, .max = 100, .unit = CORES,
	 AT(all.core_percent),
	 .help = "CPU that all builds of the group together may use."},
	{.name = "mem_limit", .type = SETTING_COUNT, .min = 16, .max = 16000000, .unit = MEGABYTES,
	 AT(all.mem_mb),
	 .help = "Memory that all builds of the group together may use."},
	{.name = "pids_limit", .type = SETTING_COUNT, .min = 16, .max = 4194304, .unit = PROCESSES,
	 AT(all.pids),
	 .help = "Processes and threads that all builds of the group together may have."},
	{.name = "attempt_core_limit", .type = SETTING_COUNT, .min = 1, .max = 100, .unit = CORES,
	 AT(attempt.core_percent),
	 .help = "CPU that each attempt may use."},
	{.name = "attempt_mem_limit", .type = SETTING_COUNT, .min = 16, .max = 16000000,
	 .unit = MEGABYTES, AT(attempt.mem_mb),
	 .help = "Memory that each attempt may use."},
	{.name = "attempt_pids_limit", .type = SETTING_COUNT, .min = 16, .max = 4194304,
	 .unit = PROCESSES, AT(attempt.pids),
	 .help = "Processes and threads that each attempt may have."},
	{.name = "workers", .type = SETTING_COUNT, .min = 1, .max = 64, .unit = "builds",
	 AT(workers),
	 .help = "Number of builds of the group that may run at the same time."},
};

const struct settings group_settings = {"a group file", settings,
					sizeof(settings) / sizeof(settings[0])};

int group_load(const char *groups_dir, const char *name, struct group *out, struct err *e)
{
	own_free char *path = fs_path("%s/%s.yaml", groups_dir, name);
	own_free char *text = NULL;
	own_doc struct doc *doc = NULL;
	struct group g = {0};
	size_t len;

	*out = g;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (fs_read(AT_FDCWD, path, DOC_BYTES_MAX, &text, &len, e) < 0 ||
	    doc_parse(path, text, len, ERR_OPERATOR, &doc, e) < 0 ||
	    settings_read(&group_settings, doc, NULL, &g, e) < 0)
		return -1;
	*out = g;
	return 0;
}

static int64_t narrower(int64_t inner, int64_t outer)
{
	return inner > 0 && (outer == 0 || inner < outer) ? inner : outer;
}

struct limits limits_within(struct limits inner, struct limits outer)
{
	return (struct limits){
		.core_percent = narrower(inner.core_percent, outer.core_percent),
		.mem_mb = narrower(inner.mem_mb, outer.mem_mb),
		.pids = narrower(inner.pids, outer.pids),
	};
}
