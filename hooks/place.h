/*
 * place: where a hook finds itself: which node, which repository, and what was pushed.
 *
 * git runs a hook in the bare repository's directory. The configuration is the link (or file)
 * hornero.yaml there, made by `hornero repo create`; the pusher's environment is never asked. The
 * repository's name is its path below repo_root without ".git".
 */
#ifndef HORNERO_HOOKS_PLACE_H
#define HORNERO_HOOKS_PLACE_H

#include "conf/conf.h"
#include "conf/image.h"
#include "hooks/refline.h"
#include "lib/err.h"

#define PLACE_CONF "hornero.yaml"

/* What git said on standard input; the lines point into text. */
struct pushed {
	char *text;
	struct refline *lines;
	size_t n;
	size_t passed_over; /* lines that were not git's, or lay behind REFLINE_INPUT_MAX */
};

/* Read to the end of fd (git waits for that), keep REFLINE_INPUT_MAX bytes. */
int pushed_read(int fd, struct pushed *out, struct err *e);
void pushed_fini(struct pushed *p);
#define own_pushed __attribute__((cleanup(pushed_fini)))

struct place {
	struct conf *conf;
	char *repo;
	struct image *images; /* whole ones, this repository's among them */
	size_t n;
};

/* Arms the configuration's failpoint, too. On error *out holds what was found until then, and is to be freed all the same. */
int place_find(struct place *out, struct err *e);
void place_fini(struct place *p);
#define own_place __attribute__((cleanup(place_fini)))

/* The image is built from this ref of this repository. */
bool place_builds(const struct place *p, const struct image *img, const char *ref);

/* What people call it. */
static inline const char *place_image_name(const struct image *img)
{
	return img->name && *img->name ? img->name : img->uuid;
}

#endif
