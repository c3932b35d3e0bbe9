/*
 * detect: which builder a tree selects by its files. hornero-checkout and `hornero builder check`
 * both decide here. Pure.
 *
 * A builder matches a tree that has one of its `detect` files. A builder that a matching builder
 * lists in `instead_of` does not count. One builder must remain: nothing is guessed, since a push
 * built by another family than its author meant may still boot.
 */
#ifndef HORNERO_CONF_DETECT_H
#define HORNERO_CONF_DETECT_H

#include "conf/builder.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

struct detect_file {
	const char *builder;
	const char *file; /* below the image's directory; may hold slashes */
};

struct detect_instead {
	const char *builder;
	const char *other; /* does not count if builder matches */
};

/* Borrowed lists; the files of one builder stand together. */
struct detect {
	const struct detect_file *files;
	size_t nfiles;
	const struct detect_instead *instead;
	size_t ninstead;
};

/* Fills a struct detect from builder files. It borrows from b; free it with detect_fini. Returns 0,
 * or -1 if out of memory. */
int detect_init(struct detect *d, const struct builders *b, struct err *e);
void detect_fini(struct detect *d);

/* has tells whether the tree has a file (or a link) of this path; where names the tree in messages.
 * Returns 0 with the builder and the file that selected it, or -1: ERR_PUSHER if no builder
 * matches, or several by different files; ERR_OPERATOR if several look for one file, which no push
 * can mend for all. */
int detect_builder(const struct detect *d, const char *where,
		   bool (*has)(void *arg, const char *path), void *arg,
		   const struct detect_file **out, struct err *e);

#define own_detect __attribute__((cleanup(detect_fini)))

#endif
