/*
 * diskinfo: the format that Nova gave a disk.
 *
 * A guest owns every byte of a raw disk, the first ones, too: that a disk looks like a qcow2 is the guest's word. Nova
 * writes what it made into INSTANCE/disk.info, one JSON object from paths to formats, where no guest writes.
 */
#ifndef HORNERO_AGENT_PUBLISH_DISKINFO_H
#define HORNERO_AGENT_PUBLISH_DISKINFO_H

enum diskinfo { DISKINFO_UNKNOWN, DISKINFO_RAW, DISKINFO_QCOW2 };

/* dir: the instance's directory; disk: a name in it. UNKNOWN where disk.info cannot be read or does not say. */
enum diskinfo diskinfo_format(int dir, const char *disk);

#endif
