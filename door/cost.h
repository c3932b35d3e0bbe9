/*
 * cost: limits the processor time of a push by the bytes received for it.
 *
 *     cost_watch(receive_pack, bytes)      a few times a second, while git receives a push
 *
 * A pack of some kilobytes can claim to unpack to terabytes, and git has no setting that stops it.
 * Measured with one thread: honest histories of source cost 0.1 s per megabyte, large
 * incompressible files 0.03 s.
 */
#ifndef HORNERO_DOOR_COST_H
#define HORNERO_DOOR_COST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* COST_THREADS limits git's index-pack: its spending between two looks grows with its threads. */
enum { COST_FREE_MS = 3500, COST_MS_PER_MB = 1000, COST_LOOK_MS = 200, COST_THREADS = 2 };

/* For the client of a refused push. */
#define COST_WORDS \
	"refused: this push costs the node far more processor time than pushes of its size do; " \
	"push fewer commits at a time, commit large files compressed, or ask the operator to " \
	"push it on the node, by path"

/* Kills each git that receive-pack started and that has used more time than `bytes` received allow;
 * receive-pack then refuses the push and removes its objects. Returns true if it killed one. */
bool cost_watch(pid_t receive_pack, uint64_t bytes);

#endif
