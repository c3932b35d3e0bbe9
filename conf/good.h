/*
 * good: the last good hornero.yaml, a copy beside the file, for services while the file is broken.
 *
 *     conf_keep_good(path, e)               whoever may write the file, after it was read
 *     conf_load_service(&c, path, e)        a service, instead of conf_load
 *
 * The copy is FILE.last-good. It is in the directory of the file and has its owner, and no other
 * user may write to it: so whoever can change the copy can change the file itself. Relative paths
 * mean the same in both. Only a file with an error in it is replaced by its copy, not one that is
 * missing or unreadable.
 */
#ifndef HORNERO_CONF_GOOD_H
#define HORNERO_CONF_GOOD_H

#include "conf/conf.h"

#define CONF_GOOD_ENDING ".last-good"

/* Copies the file if it is valid. Returns 1 if the copy is new, 0 if it is as the file already or
 * the file is another user's, -1 with e filled. */
int conf_keep_good(const char *path, struct err *e);

/* As conf_load. If the file has an error, loads its copy and returns 1: broken then says what is
 * wrong with the file, and that the copy is used. Without a usable copy returns -1 with e as
 * conf_load fills it. */
int conf_load_good(struct conf **out, const char *path, struct err *broken, struct err *e);

/* The same for a service: logs the error of a broken file, and returns 0 with its copy, too. */
int conf_load_service(struct conf **out, const char *path, struct err *e);

#endif
