/* found: a file, or something else, at a path of a commit. */
#ifndef HORNERO_HOOKS_FOUND_H
#define HORNERO_HOOKS_FOUND_H

#include <stddef.h>

enum found_kind {
	FOUND_NOTHING,
	FOUND_FILE,      /* a regular file: text and len are filled */
	FOUND_TOO_LARGE, /* a regular file of len bytes, more than the caller's maximum */
	FOUND_LINK,
	FOUND_DIRECTORY,
	FOUND_SUBMODULE,
};

struct found {
	enum found_kind kind;
	char *text; /* NUL-terminated; the caller frees it */
	size_t len;
};

/* Maps the mode of a tree entry; 0 means no entry. */
static inline enum found_kind found_kind_of(unsigned int mode)
{
	switch (mode & 0170000) {
	case 0:
		return FOUND_NOTHING;
	case 0120000:
		return FOUND_LINK;
	case 0040000:
		return FOUND_DIRECTORY;
	case 0160000:
		return FOUND_SUBMODULE;
	default:
		return FOUND_FILE;
	}
}

#endif
