/* names: DIAGNOSTICS: ERR_USAGE if no image has a name, or several have it. */
#include "cli/names.h"

#include <stdlib.h>
#include <string.h>

void names_load(struct names *n, const struct cli *cli)
{
	struct err ignored = ERR_INIT;

	if (!cli->conf || cli_images(cli, &n->list, &n->n, &ignored) < 0)
		*n = (struct names){0};
}

void names_fini(struct names *n)
{
	images_free(n->list, n->n);
	*n = (struct names){0};
}

static int by_uuid(const void *uuid, const void *image)
{
	return strcmp(uuid, ((const struct image *)image)->uuid);
}

static const struct image *image_of(const struct names *n, const char *uuid)
{
	return n->n ? bsearch(uuid, n->list, n->n, sizeof(*n->list), by_uuid) : NULL;
}

int names_has(const struct names *n, const char *uuid)
{
	return image_of(n, uuid) != NULL;
}

const char *names_of(const struct names *n, const char *uuid)
{
	const struct image *img = image_of(n, uuid);

	return img && img->name ? img->name : "";
}

/* Returns how many images have the name, and the last of them. */
static size_t count_of(const struct names *n, const char *name, const struct image **one)
{
	size_t have = 0;

	for (size_t i = 0; i < n->n; i++)
		if (n->list[i].name && strcmp(n->list[i].name, name) == 0) {
			*one = &n->list[i];
			have++;
		}
	return have;
}

const char *names_shown(const struct names *n, const char *uuid, char buf[NAMES_SHOWN])
{
	const char *name = names_of(n, uuid);
	const struct image *one;

	if (!*name)
		return uuid;
	if (count_of(n, name, &one) == 1)
		return name;
	snprintf(buf, NAMES_SHOWN, "%s (%.8s)", name, uuid);
	return buf;
}

int names_find(const struct names *n, const char *text, char uuid[UUID_LEN + 1], struct err *e)
{
	const struct image *one = NULL;
	size_t have = *text ? count_of(n, text, &one) : 0;
	struct err ignored = ERR_INIT;

	if (have == 1) {
		memcpy(uuid, one->uuid, sizeof(one->uuid));
		return 0;
	}
	if (have > 1)
		return err_set(e, ERR_USAGE,
			       "%zu images are named \"%s\"; give the UUID (`hornero image list`)",
			       have, text);
	if (cli_uuid(text, uuid, &ignored) == 0)
		return 0;
	return err_set(e, ERR_USAGE,
		       "no image is named \"%s\", and it is no UUID; `hornero image list` lists "
		       "them",
		       text);
}
