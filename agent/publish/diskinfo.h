/*
 * diskinfo: which format Nova gave a disk.
 *
 * A guest owns every byte of a raw disk, so it can forge a qcow2 header there. Nova records the
 * format in INSTANCE/disk.info, one JSON object from paths to formats, which guests cannot write.
 */
#ifndef HORNERO_AGENT_PUBLISH_DISKINFO_H
#define HORNERO_AGENT_PUBLISH_DISKINFO_H

enum diskinfo { DISKINFO_UNKNOWN, DISKINFO_RAW, DISKINFO_QCOW2 };

/* `dir` is the instance's directory, `disk` a file name in it. Returns DISKINFO_UNKNOWN if
 * disk.info is unreadable or does not say. */
enum diskinfo diskinfo_format(int dir, const char *disk);

#endif
