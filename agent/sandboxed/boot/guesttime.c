/* guesttime: DIAGNOSTICS: none. A thread that has ended has no account any more; the time that it
 * used still counts. */
#include "agent/sandboxed/boot/guesttime.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <inttypes.h>

void guesttime_read(pid_t pid, struct guesttime_use *out)
{
	own_free char *path = fs_path("/proc/%d/task", (int)pid);
	own_dir DIR *d = opendir(path);
	const struct dirent *entry;

	*out = (struct guesttime_use){0};
	while (d && (entry = readdir(d))) {
		own_free char *file = fs_path("%s/%s/schedstat", path, entry->d_name);
		own_file FILE *f = fopen(file, "re");
		int64_t run_ns, wait_ns;

		if (entry->d_name[0] == '.' || !f ||
		    fscanf(f, "%" SCNd64 " %" SCNd64, &run_ns, &wait_ns) != 2)
			continue;
		out->run_ns += run_ns;
		out->wait_ns += wait_ns;
	}
}

void guesttime_begin(struct guesttime *t, int64_t now_ns)
{
	*t = (struct guesttime){.last_ns = now_ns};
}

static int64_t grown(int64_t now, int64_t before)
{
	return now > before ? now - before : 0;
}

int64_t guesttime_look(struct guesttime *t, int64_t now_ns, const struct guesttime_use *now)
{
	const int64_t gap_ns = GUESTTIME_GAP_MS * INT64_C(1000000);
	int64_t run_ns = grown(now->run_ns, t->last.run_ns);
	int64_t idle_ns = now_ns - t->last_ns - run_ns - grown(now->wait_ns, t->last.wait_ns);

	/* The kernel accounts for a wait when it is over: subtract what looked idle until then. */
	t->idle_ns += idle_ns < gap_ns ? idle_ns : gap_ns;
	t->idle_ns = t->idle_ns > 0 ? t->idle_ns : 0;
	t->run_ns += run_ns;
	t->last = *now;
	t->last_ns = now_ns;
	return (t->idle_ns + t->run_ns / GUESTTIME_EMULATION) / 1000000;
}
