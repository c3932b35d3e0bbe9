/* pressure: DIAGNOSTICS: none; without the kernel's figures there is no pressure. */
#include "agent/hornerod/pressure.h"

#include "agent/hornerod/foreign_stall.h"
#include "lib/stall.h"

#include <stdio.h>
#include <string.h>

#define PRESSURE_OF_NODE "/proc/pressure"

enum { EASE_PERCENT = 75 };

/* Leaves builds out if the kernel tells them apart: a build at its own limit waits for memory and
 * disks all the time, although the node is short of nothing. */
static double percent_of(const struct conf *c, const char *name)
{
	double percent = strcmp(c->pressure_dir, PRESSURE_OF_NODE) == 0
				 ? foreign_stall(c->cgroup_top, name)
				 : -1;

	return percent < 0 ? stall_percent(c->pressure_dir, name) : percent;
}

void pressure_look(struct pressure *p, const struct conf *c)
{
	const struct {
		const char *what, *setting;
		double now;
		int64_t limit; /* 0: ignore the figure */
	} figures[] = {
		{"memory pressure", "memory_pressure_limit",
		 percent_of(c, "memory"), c->memory_pressure_limit},
		{"IO pressure", "io_pressure_limit",
		 percent_of(c, "io"), c->io_pressure_limit},
		{"CPU pressure", "cpu_pressure_limit",
		 percent_of(c, "cpu"), c->cpu_pressure_limit},
		{"load", "load_limit",
		 stall_load(), c->load_limit},
	};
	bool was_high = p->high;

	p->high = false;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && !p->high; i++) {
		double limit = (double)figures[i].limit * (was_high ? EASE_PERCENT : 100) / 100;

		if (figures[i].limit == 0 || figures[i].now <= limit)
			continue;
		p->high = true;
		snprintf(p->text, sizeof(p->text), "%s %.1f %% > %g %% (%s in hornero.yaml)",
			 figures[i].what, figures[i].now, limit, figures[i].setting);
	}
}
