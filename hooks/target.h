/*
 * target: the node, the repository and the pushed refs that a hook works on.
 *
 * git runs a hook in the bare repository's directory. The configuration is the link (or file)
 * hornero.yaml there, which `hornero repo create` makes; the hook never takes it from the pusher's
 * environment. The repository's name is its path below repo_root without ".git".
 */
#ifndef HORNERO_HOOKS_TARGET_H
#define HORNERO_HOOKS_TARGET_H

#include "conf/conf.h"
#include "conf/image.h"
#include "hooks/refline.h"
#include "lib/err.h"

#define TARGET_CONF "hornero.yaml"

/* git's lines on standard input. The lines point into text. */
struct pushed {
	char *text;
	struct refline *lines;
	size_t n;
	size_t passed_over; /* malformed lines, plus 1 if input was left over */
};

/* Reads fd to its end (git waits for that) and keeps REFLINE_INPUT_MAX bytes. */
int pushed_read(int fd, struct pushed *out, struct err *e);
void pushed_fini(struct pushed *p);
#define own_pushed __attribute__((cleanup(pushed_fini)))

struct target {
	struct conf *conf;
	struct err broken; /* class ERR_NONE, or why conf is the last good configuration */
	char *repo;
	struct image *images; /* no broken ones; this repository's and maybe others */
	size_t n;
};

/* On error *out holds all that was found so far; the caller frees it in any case. */
int target_find(struct target *out, struct err *e);
void target_fini(struct target *p);
#define own_target __attribute__((cleanup(target_fini)))

/* Returns true if the image is built from this ref of this repository. */
bool target_builds(const struct target *p, const struct image *img, const char *ref);

/* The name to show to users. */
static inline const char *target_image_name(const struct image *img)
{
	return img->name && *img->name ? img->name : img->uuid;
}

#endif
