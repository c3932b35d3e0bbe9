/* pressure: DIAGNOSTICS: none; a kernel without the figures has no pressure. */
#include "agent/pressure.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { EASE_PERCENT = 75 };

/* `some avg10=12.34 …` of DIR/NAME, or of DIR/NAME.pressure. -1: not to be had. */
static double stall_percent(const char *dir, const char *name)
{
	static const char field[] = "some avg10=";
	own_free char *path = fs_path("%s/%s", dir, name);
	own_free char *group_path = fs_path("%s/%s.pressure", dir, name);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n;

	if (fd < 0)
		fd = open(group_path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return strncmp(text, field, strlen(field)) == 0 ? strtod(text + strlen(field), NULL) : -1;
}

static double load_percent(void)
{
	double load;

	return getloadavg(&load, 1) == 1 ? 100 * load / (double)sysconf(_SC_NPROCESSORS_ONLN) : -1;
}

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
		{"load", load_percent(), c->load_limit},
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
