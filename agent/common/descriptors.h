/*
 * descriptors: how many a stage of a build may open. Descriptors in flight count per user, and builds are hornerod's user to the
 * kernel: hornerod must be allowed more.
 */
#ifndef HORNERO_AGENT_COMMON_DESCRIPTORS_H
#define HORNERO_AGENT_COMMON_DESCRIPTORS_H

enum { DESCRIPTORS_OF_A_STAGE = 4096 };

#endif
