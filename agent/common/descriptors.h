/*
 * descriptors: how many descriptors a stage of a build may open. The kernel counts descriptors in
 * flight per user, and builds may be hornerod's user: hornerod's limit must be higher.
 */
#ifndef HORNERO_AGENT_COMMON_DESCRIPTORS_H
#define HORNERO_AGENT_COMMON_DESCRIPTORS_H

enum { DESCRIPTORS_OF_A_STAGE = 4096 };

#endif
