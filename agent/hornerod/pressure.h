/*
 * pressure: whether the node is short of something that its instances may need. Pure but for
 * reading.
 *
 *     struct pressure p = PRESSURE_INIT;
 *     … every PRESSURE_LOOK_MS, while there is something to build …
 *     pressure_look(&p, conf);
 *     if (p.high) … nothing starts, what runs is frozen; p.text says why …
 *
 * Source: the kernel's pressure stall information, `some avg10` of the files cpu, memory and io in
 * pressure_dir (or cpu.pressure … where it is a control group; where it is the node's, that of all
 * groups beside ours: others.h), and the load average of one minute. High when any figure is above
 * its limit; low again when all have fallen below three quarters of it, so that it does not
 * flutter.
 */
#ifndef HORNERO_AGENT_HORNEROD_PRESSURE_H
#define HORNERO_AGENT_HORNEROD_PRESSURE_H

#include "conf/conf.h"

#include <stdbool.h>

enum { PRESSURE_LOOK_MS = 2000, PRESSURE_TEXT = 160 };

struct pressure {
	bool high;
	char text[PRESSURE_TEXT]; /* "memory pressure 12.4 % > 10 %" while high */
};

/* A figure that cannot be had is no pressure. */
void pressure_look(struct pressure *p, const struct conf *c);

#endif
