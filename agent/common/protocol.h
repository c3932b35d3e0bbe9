/*
 * protocol: the requests to the publisher and its replies, on one SOCK_SEQPACKET connection each.
 *
 *     request             descriptor sent with it   replies; the last one ends the connection
 *     publish IMAGE DIGEST JOB ATTEMPT TOKEN
 *                         the artifact              process PID; waiting KIND TEXT …; changed NAME;
 *                                                   released NAME INO SIZE, or
 *                                                   unreleased NAME TEXT; at last
 *                                                   published NAME INO SIZE MS, alone TEXT,
 *                                                   deferred TEXT, or foreign NAME TEXT
 *     prepare IMAGE JOB ATTEMPT
 *                         the staged file           process PID; then the publish of that attempt
 *                                                   follows, or the connection is closed
 *     touch               a list of times           touched COUNT
 *     evict BYTES         a list of files           evicted INODE BYTES,
 *                                                   stays INODE REASON …; done COUNT
 *     plan BYTES          a list of files           as evict, but removes nothing
 *     look IMAGE          any                       free TEXT, or used TEXT: whether an instance
 *                                                   stands on its bytes
 *     any of them                                   error CLASS TEXT
 *
 * The list of an eviction has a line per file, the first to go on top: IMAGE/DIGEST INODE BORN_NS
 * JOB ATTEMPT TOKEN. The last three come from the image's fence; they are "0 0 -" if there is none.
 * The list of a touch has a line per file: UUID INODE SEEN_NS NEW_NS; for a release, UUID/DIGEST
 * instead of UUID.
 */
#ifndef HORNERO_AGENT_COMMON_PROTOCOL_H
#define HORNERO_AGENT_COMMON_PROTOCOL_H

enum {
	PROTOCOL_MESSAGE_MAX = 1024,
	PROTOCOL_TOKEN_MAX = 64,
	PROTOCOL_LIST_MAX = 4194304, /* bytes of a list */
};

#endif
