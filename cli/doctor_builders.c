/* doctor_builders: checks builder files. DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/builder.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <string.h>

struct lacking {
	struct doctor *d;
	const struct builder *b;
};

static void say_lack(void *arg, const char *name, const char *what, const char *mend)
{
	const struct lacking *l = arg;

	(void)name;
	doctor_say(l->d, DOCTOR_WARN, mend, "%s: %s, so jobs of an image are held", l->b->name,
		   what);
}

static void count_lack(void *arg, const char *name, const char *what, const char *mend)
{
	(void)arg;
	(void)name;
	(void)what;
	(void)mend;
}

static bool is_of_an_image(const struct image *images, size_t n, const struct builder *b)
{
	for (size_t i = 0; i < n; i++)
		if (images[i].builder && strcmp(images[i].builder, b->name) == 0)
			return true;
	return false;
}

static bool has(char *const *list, const char *text)
{
	for (; list && *list; list++)
		if (strcmp(*list, text) == 0)
			return true;
	return false;
}

/* Two builders that look for one file match together, always. */
static void look_at_pair(struct doctor *d, const struct builder *a, const struct builder *b)
{
	own_free char *mend = NULL;

	if (has(a->instead_of, b->name) || has(b->instead_of, a->name))
		return;
	for (char **file = a->detect; file && *file; file++) {
		if (!has(b->detect, *file))
			continue;
		mend = fs_path("write instead_of: [%s] into %s/%s.yaml, or the other way round",
			       a->name, d->c->builders_dir, b->name);
		doctor_say(d, DOCTOR_WARN, mend, "the builders %s and %s both look for %s: pushes "
			   "with that file are held", a->name, b->name, *file);
		return;
	}
}

/* Images that name no builder may use any: only their pushes can tell. */
void doctor_builders(struct doctor *d)
{
	own_builders struct builders *b = NULL;
	struct image *images = NULL;
	struct err why = ERR_INIT;
	int before = d->findings;
	size_t nimages = 0, usable = 0;

	if (builders_load(d->c->builders_dir, &b, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, "make install, or mend builders_dir in hornero.yaml",
			   "%s", why.msg);
		return;
	}
	(void)cli_images(d->cli, &images, &nimages, &why);
	for (size_t i = 0; i < b->nbroken; i++)
		doctor_say(d, DOCTOR_BAD, "mend that line", "%s", b->broken[i].msg);
	for (size_t i = 0; i < b->n; i++) {
		const struct builder *one = &b->list[i];
		bool is_used = is_of_an_image(images, nimages, one);
		struct lacking l = {d, one};

		usable += builder_lacks(d->c, one, is_used ? say_lack : count_lack, &l) == 0;
		for (size_t j = 0; j < i; j++)
			look_at_pair(d, &b->list[j], one);
	}
	images_free(images, nimages);
	if (d->findings == before)
		doctor_ok(d, "%zu usable of %zu (hornero builder list)", usable, b->n);
}
