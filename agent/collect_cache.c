/* collect_cache: which files of Nova's cache may go, the one used longest ago first. They are Nova's: the publisher looks
 * again and removes them. DIAGNOSTICS: as the store's records say, and ERR_OPERATOR where the publisher refuses or cannot be
 * reached. */
#include "agent/collect.h"

#include "agent/evict.h"
#include "agent/publisher.h"
#include "lib/bytes.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "store/kept.h"
#include "store/warm.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { ANSWER_WAIT_MS = 60000, LINE_MAX_BYTES = 256, BASES_MAX = EVICT_LIST_MAX / LINE_MAX_BYTES };

struct base {
	char uuid[UUID_LEN + 1];
	uint64_t ino;
	int64_t born_ns, used_ms, bytes;
	bool is_wanted;
};

struct bases {
	struct base *list;
	size_t n;
	int64_t bytes;
};

static const struct image *find_image(const struct collect *c, const char *uuid)
{
	for (size_t i = 0; i < c->nimages; i++)
		if (strcmp(c->images[i].uuid, uuid) == 0)
			return &c->images[i];
	return NULL;
}

/* Of an image whose file is broken nobody knows. */
static bool is_wanted(const struct collect *c, const struct warm *w, int64_t mtime_ns, int64_t *used_ms, struct err *e)
{
	const struct image *img = find_image(c, w->image);
	struct kept k = {0};

	if (kept_load(c->conf->store_dir, w->image, &k, e) < 0)
		return true;
	kept_learn(&k, w, mtime_ns);
	*used_ms = k.used_ms;
	if (!img)
		return false;
	return img->broken || kept_until_ms(&k, image_keep_s(img)) > c->now_ms;
}

/* Names of one file are one base. */
static bool is_counted(const struct bases *all, const struct stat *st)
{
	for (size_t i = 0; st->st_nlink > 1 && i < all->n; i++)
		if (all->list[i].ino == st->st_ino)
			return true;
	return false;
}

static int look(const struct collect *c, int cache, const char *uuid, struct bases *all, struct err *e)
{
	struct base *b = &all->list[all->n];
	enum warm_state state;
	struct warm w;
	struct stat st;

	if (warm_look(c->conf->store_dir, c->conf->cache_dir, uuid, &w, &state, e) < 0)
		return -1;
	if (state != WARM_OK || fstatat(cache, w.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	*b = (struct base){.ino = w.ino, .born_ns = fs_born_ns(cache, w.name)};
	memcpy(b->uuid, uuid, sizeof(b->uuid));
	b->bytes = is_counted(all, &st) ? 0 : inventory_bytes_of(&st);
	b->is_wanted = is_wanted(c, &w, (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec, &b->used_ms, e);
	all->bytes += b->bytes;
	all->n++;
	return 0;
}

static int list_bases(const struct collect *c, int cache, struct bases *all, struct err *e)
{
	own_free char *path = fs_path("%s/warm", c->conf->store_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s (hornero init makes it)", path);
	while (all->n < BASES_MAX && (entry = readdir(d))) {
		char uuid[UUID_LEN + 1] = "";

		if (strlen(entry->d_name) != UUID_LEN + strlen(".json"))
			continue;
		memcpy(uuid, entry->d_name, UUID_LEN);
		if (uuid_valid(uuid) && look(c, cache, uuid, all, e) < 0)
			return -1;
	}
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct base *left = a;
	const struct base *right = b;

	return (left->used_ms > right->used_ms) - (left->used_ms < right->used_ms);
}

static int64_t demand_of(const struct collect *c, const struct bases *all, char why[FLOOR_WHY])
{
	struct floor floor = conf_cache_floor(c->conf);
	int64_t lack = floor_lack_bytes(&floor);
	int64_t budget = c->conf->cache_budget_bytes;
	char size[BYTES_WORDS], most[BYTES_WORDS];

	if (lack > 0)
		snprintf(why, FLOOR_WHY, "below cache_floor, %s short", bytes_words(size, lack));
	if (budget == 0 || all->bytes - budget <= lack)
		return lack;
	snprintf(why, FLOOR_WHY, "what hornero published takes %s, cache_budget is %s", bytes_words(size, all->bytes),
		 bytes_words(most, budget));
	return all->bytes - budget;
}

/* The fence as it stands: the publisher leaves alone what has another one by then. */
static void read_fence(const struct conf *c, const char *uuid, char fence[128])
{
	own_free char *path = fs_path("%s/%s", c->fence_dir, uuid);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	strcpy(fence, "0 0 -");
	if (fs_read(AT_FDCWD, path, 120, &text, &len, &ignored) == 0)
		snprintf(fence, 128, "%.*s", (int)strcspn(text, "\n"), text);
}

static int write_list(const struct collect *c, const struct bases *all, int *n, struct err *e)
{
	own_fd int list = memfd_create("evict", MFD_CLOEXEC);

	for (size_t i = 0; list >= 0 && i < all->n; i++) {
		const struct base *b = &all->list[i];
		char fence[128];

		if (b->is_wanted)
			continue;
		read_fence(c->conf, b->uuid, fence);
		if (dprintf(list, "%s %" PRIu64 " %" PRId64 " %s\n", b->uuid, b->ino, b->born_ns, fence) < 0)
			break;
		*n += 1;
	}
	if (list < 0 || lseek(list, 0, SEEK_SET) < 0) {
		err_sys(e, ERR_NOBODY, "cannot list what may leave Nova's cache");
		return -1;
	}
	return steal_fd(&list);
}

static const struct base *find_base(const struct bases *all, const char *uuid)
{
	for (size_t i = 0; i < all->n; i++)
		if (strncmp(all->list[i].uuid, uuid, UUID_LEN) == 0)
			return &all->list[i];
	return NULL;
}

/* "evicted UUID BYTES" and "stays UUID REASON". 1: there is more to come, 0: that was the last word. */
static int take_answer(struct collect *c, const struct bases *all, const char *text, const char *why, int64_t *left, struct err *e)
{
	const char *blank = strchr(text, ' ');
	const struct base *b = blank ? find_base(all, blank + 1) : NULL;
	char date[32];

	if (strncmp(text, "done ", 5) == 0)
		return 0;
	if (strncmp(text, "waiting ", 8) == 0)
		return 1;
	if (b && strncmp(text, "evicted ", 8) == 0) {
		int64_t bytes = strtoll(blank + 1 + UUID_LEN, NULL, 10);

		*left -= bytes;
		collect_say(c, "base", b->uuid, bytes, "%s; no image wishes it warm and no instance stands on it, last used %s", why,
			    collect_date(b->used_ms, date));
		return 1;
	}
	if (b && strncmp(text, "stays ", 6) == 0 && strlen(blank + 1) > UUID_LEN) {
		collect_say_stays(c, "base", b->uuid, blank + 2 + UUID_LEN);
		return 1;
	}
	return err_set(e, ERR_OPERATOR, "the publisher did not make room in Nova's cache: %s", text);
}

static int hear(struct collect *c, int fd, const struct bases *all, const char *why, int64_t *left, struct err *e)
{
	struct pollfd answer = {.fd = fd, .events = POLLIN};
	char text[PEER_MESSAGE_MAX + 1];
	int rc;

	do {
		ssize_t n;

		if (poll(&answer, 1, ANSWER_WAIT_MS) != 1)
			return err_set(e, ERR_NOBODY, "the publisher does not answer; the next one asks again");
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n <= 0)
			return err_set(e, ERR_NOBODY, "the publisher died; the next one asks again");
		text[n] = '\0';
		rc = take_answer(c, all, text, why, left, e);
	} while (rc == 1);
	return rc;
}

static int ask(struct collect *c, const struct bases *all, const char *why, int64_t *left, struct err *e)
{
	char request[64];
	struct child child;
	own_fd int list = -1;
	own_fd int fd = -1;
	int n = 0;
	int rc = -1;

	list = write_list(c, all, &n, e);
	if (list < 0 || n == 0)
		return list < 0 ? -1 : 0;
	snprintf(request, sizeof(request), "%s %" PRId64, c->dry ? "plan" : "evict", *left);
	fd = publisher_reach(c->conf, &child, e);
	if (fd >= 0 && publisher_ask(fd, request, list, e) == 0)
		rc = hear(c, fd, all, why, left, e);
	if (fd >= 0)
		close(steal_fd(&fd));
	if (child.pid > 0)
		spawn_wait(&child);
	return rc;
}

int collect_cache(struct collect *c, struct err *e)
{
	own_fd int cache = open(c->conf->cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct bases all = {.list = calloc(BASES_MAX + 1, sizeof(*all.list))};
	own_free struct base *list = all.list;
	char why[FLOOR_WHY], left_words[BYTES_WORDS];
	int64_t left;

	if (cache < 0 && errno == ENOENT)
		return 0; /* Nova makes it with its first image */
	if (!list || cache < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at Nova's cache %s", c->conf->cache_dir);
	if (list_bases(c, cache, &all, e) < 0)
		return -1;
	left = demand_of(c, &all, why);
	if (left <= 0)
		return 0;
	if (all.n > 0)
		qsort(all.list, all.n, sizeof(*all.list), by_use);
	if (ask(c, &all, why, &left, e) < 0)
		return -1;
	if (left > 0)
		collect_say_lacking(c, "cache", left, "%s; %s more should go, and no more may: an image wishes it warm, an instance "
				    "stands on it, or it is not hornero's", why, bytes_words(left_words, left));
	return 0;
}
