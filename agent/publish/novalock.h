/*
 * novalock: takes Nova's own lock on one image of its cache.
 *
 *     own_fd int lock = novalock_take(instances_path, cache_name, &peer, e);
 *     … rescan, rename: nothing slow …
 *     close(steal_fd(&lock));
 *
 * Nova holds instances_path/locks/nova-NAME while it fetches a base, makes an overlay or ages a
 * base out (nova/virt/libvirt/imagebackend.py; oslo.concurrency: fcntl.lockf of the whole file). We
 * take an OFD lock on the same file, which excludes Nova and ends with our descriptor. A POSIX lock
 * would end as soon as our process closes any other descriptor of the file.
 */
#ifndef HORNERO_AGENT_PUBLISH_NOVALOCK_H
#define HORNERO_AGENT_PUBLISH_NOVALOCK_H

#include "agent/publish/peer.h"
#include "lib/err.h"
#include "store/nova.h"

/* Returns a descriptor that holds the lock, or -1. If another process holds it, tells the peer once
 * ("waiting Nova's lock nova-… (held by process N)") and waits until it is free or peer_stop() ends
 * the wait. Makes the directory and the file if they are missing, with the owners of instances_path
 * and of the directory: if nova cannot write a lock file, every boot of its image fails. */
int novalock_take(const char *instances_path, const char *cache_name, struct peer *peer,
		  struct err *e);

#endif
