/* hornero-keep: protects files in Nova's cache from ageing as long as their images ask for it. It
 * decides and records; the publisher touches the files, because they are Nova's.
 *
 * Exit 1: a missing file is due to come back from the store, and a sweep would queue it.
 *
 * DIAGNOSTICS: logs and skips an image whose records are unreadable. The exit code is the class
 * of the error that ends the pass: an unusable directory, or an unreachable publisher. */
#include "agent/upkeep/keep/keep.h"

#include "conf/good.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "store/nova.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int look(struct pass *p, const char *uuid, struct err *e)
{
	const struct conf *c = p->conf;
	enum warm_state state;
	struct keep_rule rule;
	struct kept k = {0};
	struct warm w;
	struct stat st = {0};

	p->looked++;
	keep_rule_of(c, uuid, &rule);
	if (!rule.is_registered)
		return 0; /* Nova may have it */
	if (warm_look(c->store_dir, c->cache_dir, uuid, &w, &state, e) < 0 ||
	    kept_load(&p->clock, c->store_dir, uuid, &k, e) < 0)
		return -1;
	if (state == WARM_NONE || state == WARM_FOREIGN)
		return 0;
	if (state == WARM_OK && fstatat(p->cache, w.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	kept_learn(&p->clock, &k, &w, state == WARM_OK ? keep_mtime_of(&st) : 0);
	if (state == WARM_GONE)
		return keep_note_gone(p, &k, rule.keep_s, e);
	return keep_touch(p, &k, uuid, rule.keep_s, keep_mtime_of(&st), e) < 0 ? -1 : 0;
}

/* Most files are young: one stat() suffices, without reading a record. */
static bool is_young(const struct pass *p, const char *uuid)
{
	char name[SHA1_HEX + 1];
	struct err e = ERR_INIT;
	struct stat st;

	return nova_cache_name(uuid, name, &e) == 0 &&
	       fstatat(p->cache, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       keep_mtime_of(&st) / 1000000 > p->now_ms - p->conf->cache_minimum_age_s * 500;
}

static int look_at_all(struct pass *p, struct err *e)
{
	own_free char *path = fs_path("%s/warm", p->conf->store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s (hornero init makes it)", path);
	while ((entry = readdir(d))) {
		char uuid[UUID_LEN + 1] = "";
		struct err own = ERR_INIT;

		if (strlen(entry->d_name) != UUID_LEN + strlen(".json"))
			continue;
		memcpy(uuid, entry->d_name, UUID_LEN);
		if (!uuid_valid(uuid) || is_young(p, uuid))
			continue;
		if (look(p, uuid, &own) < 0)
			log_warn("event=image-passed-over image=%s %s", uuid, own.msg);
	}
	return 0;
}

static int ask_for_touches(const struct pass *p, struct err *e)
{
	char reply[KEEP_REPLY_MAX];

	if (lseek(p->list, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_US, "cannot rewind the list");
	if (keep_ask(p, "touch", p->list, reply, e) < 0)
		return -1;
	return strncmp(reply, "touched ", 8) == 0 ? 0 :
		err_set(e, ERR_OPERATOR, "the publisher did not touch the files: %s", reply);
}

static int keep(struct pass *p, struct err *e)
{
	const struct conf *c = p->conf;
	own_fd int kept = kept_lock(c->store_dir, e);
	own_fd int cache = -1;
	own_fd int list = -1;
	int64_t start_ms = clock_mono_ms();

	if (kept < 0)
		return -1;
	cache = open(c->cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache < 0 && errno == ENOENT)
		return 0; /* Nova makes the directory with its first image */
	list = memfd_create("touch", MFD_CLOEXEC);
	if (cache < 0 || list < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at Nova's cache %s", c->cache_dir);
	p->cache = cache;
	p->list = list;
	if (look_at_all(p, e) < 0 || keep_releases(p, e) < 0 ||
	    (p->touches > 0 && ask_for_touches(p, e) < 0))
		return -1;
	if (p->touches > 0)
		log_info("event=kept touched=%d looked=%d took_ms=%" PRId64, p->touches, p->looked,
			 clock_mono_ms() - start_ms);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		NULL, NULL, NULL,
		"Keeps the files of warm images young, so that Nova does not age them out.",
		NULL, NULL, NULL};
	const char *conf_option = NULL;
	own_conf struct conf *c = NULL;
	struct pass p = {.now_ms = clock_wall_ms()};
	struct err e = ERR_INIT;

	log_open("hornero-keep", LOG_LEVEL_INFO);
	options_parse(&argp, argc, argv, NULL, &conf_option);
	if (conf_load_service(&c, conf_find(conf_option), &e) == 0) {
		p.conf = c;
		steady_load(&p.clock, c->queue_dir);
		if (keep(&p, &e) == 0)
			return p.wants_sweep;
	}
	log_error("%s", e.msg);
	return err_exit(e.class);
}
