/*
 * pressure: whether the node is short of a resource that its instances may need. Only reads.
 *
 *     struct pressure p = PRESSURE_INIT;
 *     … every PRESSURE_LOOK_MS, while there is something to build …
 *     pressure_look(&p, conf);
 *     if (p.high) … nothing starts, what runs is frozen; p.text says why …
 *
 * Source: the kernel's pressure stall information, `some avg10` of the files cpu, memory and io in
 * pressure_dir (cpu.pressure … if that is a control group; if it is the node's, the figure of all
 * groups except ours: foreign_stall.h), and the load average of one minute. High if any figure is
 * above its limit; low again once all are below three quarters of it, so that it does not flap.
 */
#ifndef HORNERO_AGENT_HORNEROD_PRESSURE_H
#define HORNERO_AGENT_HORNEROD_PRESSURE_H

#include "conf/conf.h"

#include <stdbool.h>

enum { PRESSURE_LOOK_MS = 2000, PRESSURE_TEXT = 160 };

struct pressure {
	bool high;
	/* While high: "memory pressure 12.4 % > 10 % (memory_pressure_limit in hornero.yaml)". */
	char text[PRESSURE_TEXT];
};

/* An unavailable figure counts as no pressure. */
void pressure_look(struct pressure *p, const struct conf *c);

#endif
