/*
 * core: keeps GRUB's core image for a BIOS from one disk of an image to the next. grub-mkimage
 * compresses it, and that takes longer than everything else about a disk.
 *
 *     if (core_find(kept, text, len, path))
 *             use path;
 *     else
 *             make path, then core_keep(kept, text, len, path);
 *
 * `text` is what decides the image: the words of grub-mkimage and its script. GRUB's files are not
 * in it: another toolchain makes a checkout start from nothing, and that removes the kept file.
 */
#ifndef HORNERO_AGENT_SANDBOXED_KERNEL2DISK_CORE_H
#define HORNERO_AGENT_SANDBOXED_KERNEL2DISK_CORE_H

#include <stdbool.h>
#include <stddef.h>

/* kept: a file that is open for reading and writing. Returns true if it has an image for this text,
 * a whole one, and that is now the new file `path`. */
bool core_find(int kept, const char *text, size_t len, const char *path);

/* If that fails, the file keeps nothing, and the next disk makes its image again. It is not made
 * durable: after a reboot a checkout starts from nothing (checkout/worktree.h). */
void core_keep(int kept, const char *text, size_t len, const char *path);

#endif
