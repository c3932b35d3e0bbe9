/*
 * novalock: Nova's own lock on one image of its cache.
 *
 *     own_fd int lock = novalock_take(instances_path, cache_name, &peer, e);
 *     … rescan, rename: nothing slow …
 *     close(steal_fd(&lock));
 *
 * nova/virt/libvirt/imagebackend.py holds instances_path/locks/nova-NAME (oslo.concurrency:
 * fcntl.lockf of the whole file) while it fetches a base, makes an overlay or ages a base out.
 * An OFD lock on the same file excludes it, and ends with the descriptor alone: a POSIX lock would
 * end when anything in the process closes another descriptor of the file.
 */
#ifndef HORNERO_AGENT_PUBLISH_NOVALOCK_H
#define HORNERO_AGENT_PUBLISH_NOVALOCK_H

#include "agent/publish/peer.h"
#include "lib/err.h"
#include "store/nova.h"

/* Descriptor that holds the lock, or -1. Where it is held by somebody else, says so to the peer once
 * ("waiting Nova's lock nova-… (held by process N)") and waits until it is free or peer_stop() ends it.
 * Makes the directory and the file where Nova has not yet, owned as instances_path and as the
 * directory are: a lock file that nova cannot write fails every boot of its image. */
int novalock_take(const char *instances_path, const char *cache_name, struct peer *peer, struct err *e);

#endif
