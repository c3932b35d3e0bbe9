/*
 * quarantine: what pushes left behind that were killed.
 *
 * git receives a push into objects/tmp_objdir-…, and removes that however the push ends, but for a signal: a death of
 * the door, of the machine, or for want of memory leaves up to push_size_limit. Nobody but `git gc` takes it away, after
 * two weeks.
 */
#ifndef HORNERO_DOOR_QUARANTINE_H
#define HORNERO_DOOR_QUARANTINE_H

/* In the repository: those that are older than any push. What cannot be removed stays. */
void quarantine_clear(int repo);

#endif
