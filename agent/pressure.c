/* pressure: DIAGNOSTICS: none; a kernel without the figures has no pressure. */
#include "agent/pressure.h"

#include "lib/stall.h"

#include <stdio.h>

enum { EASE_PERCENT = 75 };

void pressure_look(struct pressure *p, const struct conf *c)
{
	const struct {
		const char *what;
		double now;
		int64_t limit; /* 0: not looked at */
	} figures[] = {
		{"memory pressure", stall_percent(c->pressure_dir, "memory"), c->memory_pressure_limit},
		{"IO pressure", stall_percent(c->pressure_dir, "io"), c->io_pressure_limit},
		{"CPU pressure", stall_percent(c->pressure_dir, "cpu"), c->cpu_pressure_limit},
		{"load", stall_load(), c->load_limit},
	};
	bool was_high = p->high;

	p->high = false;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && !p->high; i++) {
		double limit = (double)figures[i].limit * (was_high ? EASE_PERCENT : 100) / 100;

		if (figures[i].limit == 0 || figures[i].now <= limit)
			continue;
		p->high = true;
		snprintf(p->text, sizeof(p->text), "%s %.1f %% > %g %%", figures[i].what, figures[i].now, limit);
	}
}
