/* candidates: DIAGNOSTICS: none; errors offer nothing. */
#include "cli/candidates.h"

#include "cli/releases.h"
#include "cli/repo.h"
#include "cli/view.h"
#include "conf/builder.h"
#include "conf/check.h"
#include "conf/keyring.h"
#include "conf/setting.h"
#include "lib/own.h"

#include <inttypes.h>
#include <string.h>

enum { QUEUE_WAIT_MS = 200 }; /* a shell waits with us */

void offer(const struct offer *o, const char *value)
{
	const char *typed = o->typed + o->fixed;

	if (strncmp(value, typed, strlen(typed)) == 0)
		printf("%.*s%s\n", (int)o->fixed, o->typed, value);
}

static void offer_builders(const struct offer *o, const struct conf *c)
{
	own_builders struct builders *b = NULL;
	struct err ignored = ERR_INIT;

	if (builders_load(c->builders_dir, &b, &ignored) < 0)
		return;
	for (size_t i = 0; i < b->n; i++)
		offer(o, b->list[i].name);
}

static void offer_bases(const struct offer *o, const struct conf *c)
{
	own_dir DIR *d = opendir(c->base_dir);
	const struct dirent *entry;
	struct err ignored = ERR_INIT;

	while (d && (entry = readdir(d)))
		if (check_component(entry->d_name, &ignored) == 0)
			offer(o, entry->d_name);
}

static void offer_images(const struct offer *o)
{
	struct image *list = NULL;
	struct err ignored = ERR_INIT;
	size_t n = 0;

	if (cli_images(o->cli, &list, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		offer(o, list[i].uuid);
	images_free(list, n);
}

static int offer_job(void *arg, const struct job *j)
{
	const struct offer *o = arg;
	struct err ignored = ERR_INIT;
	char number[24];

	snprintf(number, sizeof(number), "%" PRId64, j->id);
	if (cli_may(o->cli, j->repo, j->ref, &ignored) == 0)
		offer(o, number);
	return 0;
}

static void offer_jobs(struct offer *o, const struct conf *c)
{
	own_db struct db *db = NULL;
	struct db_queue queue = cli_queue(c);
	struct err ignored = ERR_INIT;

	if (db_open(&db, &queue, DB_READ, QUEUE_WAIT_MS, &ignored) < 0)
		return;
	view_apply(o->cli, db);
	(void)job_each(db, JOB_SCOPE_RECENT, offer_job, o, &ignored);
}

static void offer_keys(const struct offer *o, const struct conf *c)
{
	own_keyring struct keyring *ring = NULL;
	const struct key_entry *list;
	struct err ignored = ERR_INIT;
	size_t n = keyring_load(c->keys_file, NULL, NULL, &ring, &ignored) < 0
			   ? 0 : keyring_entries(ring, &list);

	for (size_t i = 0; i < n; i++)
		if (list[i].name)
			offer(o, list[i].name);
}

static void offer_ref(const struct offer *o)
{
	for (size_t i = 0; i < image_settings.n; i++)
		if (strcmp(image_settings.list[i].name, "ref") == 0)
			offer(o, image_settings.list[i].fallback);
}

static void offer_releases(const struct offer *o)
{
	own_image struct image img = {0};
	own_releases struct releases r = {0};
	struct err ignored = ERR_INIT;
	char uuid[UUID_LEN + 1];

	if (!o->image || cli_uuid(o->image, uuid, &ignored) < 0 ||
	    cli_image(o->cli, uuid, &img, &ignored) < 0 ||
	    releases_load(o->cli, &img, &r, &ignored) < 0)
		return;
	for (size_t i = 0; i < r.n; i++)
		offer(o, r.list[i].uuid);
}

static void offer_repo(void *arg, const char *name)
{
	const struct offer *o = arg;
	struct err ignored = ERR_INIT;

	/* Such a name means nothing to a shell, which takes a candidate as it is. */
	if (image_check_repo(name, &ignored) == 0 && cli_may(o->cli, name, NULL, &ignored) == 0)
		offer(o, name);
}

/* Offers the values of an image's setting behind "KEY=", or the keys. */
static void offer_settings(const struct offer *o)
{
	static const struct {
		const char *key;
		enum word_value kind;
	} named[] = {{"repo", VALUE_REPO}, {"ref", VALUE_REF}, {"builder", VALUE_BUILDER},
		     {"pinned", VALUE_RELEASE}};
	const char *equals = strchr(o->typed, '=');
	struct offer value = *o;

	value.fixed = equals ? (size_t)(equals - o->typed) + 1 : 0;
	for (size_t i = 0; equals && i < sizeof(named) / sizeof(named[0]); i++)
		if (strlen(named[i].key) + 1 == value.fixed &&
		    strncmp(named[i].key, o->typed, value.fixed - 1) == 0)
			offer_values(&value, named[i].kind);
	for (size_t i = 0; i < image_settings.n; i++) {
		const struct setting *k = &image_settings.list[i];
		char text[80];

		snprintf(text, sizeof(text), "%s=", k->name);
		if (!equals && k->type != SETTING_CHOICE)
			offer(o, text);
		for (int j = 0; k->type == SETTING_CHOICE && k->choices[j]; j++) {
			snprintf(text, sizeof(text), "%s=%s", k->name, k->choices[j]);
			offer(o, text);
		}
	}
}

void offer_values(const struct offer *o, enum word_value kind)
{
	struct offer mine = *o;
	struct err ignored = ERR_INIT;
	const struct conf *c;

	if (kind == VALUE_FILE) {
		puts("<FILE>");
		return;
	}
	for (int s = 0; kind == VALUE_STATE && s < JOB_STATES; s++)
		offer(o, job_state_name((enum job_state)s));
	c = cli_conf(o->cli, &ignored);
	if (kind == VALUE_REF)
		offer_ref(o);
	else if (kind == VALUE_SETTING)
		offer_settings(o);
	if (!c)
		return;
	if (kind == VALUE_BASE)
		offer_bases(o, c);
	else if (kind == VALUE_BUILDER)
		offer_builders(o, c);
	else if (kind == VALUE_KEY)
		offer_keys(o, c);
	else if (kind == VALUE_RELEASE)
		offer_releases(o);
	else if (kind == VALUE_REPO)
		repo_each(c, offer_repo, &mine);
	if (kind == VALUE_JOB || kind == VALUE_JOB_OR_IMAGE)
		offer_jobs(&mine, c);
	if (kind == VALUE_IMAGE || kind == VALUE_JOB_OR_IMAGE)
		offer_images(o);
}
