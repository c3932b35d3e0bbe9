/*
 * watching: wakes hornero-glance for new work: files of the outbox or wishes (store/wanted.h),
 * image files, and content keys that a clean build has answered since (store/answer.h).
 */
#ifndef HORNERO_GLANCE_WATCHING_H
#define HORNERO_GLANCE_WATCHING_H

#include "conf/conf.h"
#include "lib/sha.h"

#include <stdbool.h>

struct watching {
	int inotify;
	int watch; /* of the outbox or the wishes; -1: not yet */
	char confirmed[SHA256_HEX + 1]; /* a content key with a new clean answer; "" */
	bool many_confirmed;            /* …and others */
};

#define WATCHING_INIT {.inotify = -1, .watch = -1}

/* Returns -1 with ERR_NOBODY on error. */
int watching_open(struct watching *w, struct err *e);
/* Watches the directories once they exist. */
void watching_begin(struct watching *w, const struct conf *c, bool shares);
/* Takes what inotify has reported. */
void watching_take(struct watching *w);
/* Whether a clean build may have given the bytes of this artifact. */
bool watching_is_confirmed(const struct watching *w, const char *store_dir, const char *digest);
void watching_forget_confirmed(struct watching *w);

#endif
