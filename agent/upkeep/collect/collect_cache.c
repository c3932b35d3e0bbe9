/* collect_cache: decides which files of Nova's cache may go, least recently used first. The
 * publisher checks them again and removes them, because the files are Nova's.
 * DIAGNOSTICS: as the records of the store; ERR_OPERATOR if the publisher refuses or is
 * unreachable, ERR_NOBODY if it dies or does not answer. */
#include "agent/upkeep/collect/collect_bases.h"

#include "agent/common/reply.h"
#include "agent/common/fence.h"
#include "agent/common/protocol.h"
#include "agent/common/publisher.h"
#include "lib/bytes.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/kept.h"
#include "store/nova.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { REPLY_WAIT_MS = 60000 };

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
	snprintf(why, FLOOR_WHY, "the files that hornero published take %s, cache_budget is %s",
		 bytes_words(size, all->bytes), bytes_words(most, budget));
	return all->bytes - budget;
}

static int write_list(const struct collect *c, const struct bases *all, int *n, struct err *e)
{
	own_fd int list = memfd_create("evict", MFD_CLOEXEC);

	for (size_t i = 0; list >= 0 && i < all->n; i++) {
		const struct base *b = &all->list[i];
		struct err ignored = ERR_INIT;
		char words[FENCE_TEXT];
		struct fence fence;

		if (b->is_wanted)
			continue;
		/* The publisher keeps a file whose fence is unreadable or has changed by then. */
		fence_read(c->conf, b->image, &fence, &ignored);
		if (dprintf(list, "%s/%s %" PRIu64 " %" PRId64 " %s\n", b->image, b->digest, b->ino,
			    b->born_ns, fence_format(&fence, words)) < 0)
			break;
		*n += 1;
	}
	if (list < 0 || lseek(list, 0, SEEK_SET) < 0) {
		err_sys(e, ERR_NOBODY, "cannot list the files that may leave Nova's cache");
		return -1;
	}
	return steal_fd(&list);
}

/* Names a file by its image if it has the image's own name, else by its release. */
static int name_of(const struct base *b, char name[UUID_LEN + 1], struct err *e)
{
	if (!b->is_own)
		return nova_release(b->image, b->digest, name, e);
	memcpy(name, b->image, UUID_LEN + 1);
	return 0;
}

/* Records the eviction for `hornero why`, which would otherwise report a deletion by hand. */
static void note(const struct collect *c, const struct base *b, const char *why)
{
	struct err e = ERR_INIT;

	if (kept_note_evicted(&c->clock, c->conf->store_dir, b->image, b->used_ms, c->now_ms, why,
			      &e) < 0)
		log_warn("event=eviction-unnoted image=%s %s", b->image, e.msg);
}

/* Returns 1 if more answers follow, 0 after the last one, -1 on error. */
static int take_answer(struct collect *c, const struct bases *all, const char *text,
		       const char *why, int64_t *left, struct err *e)
{
	char name[UUID_LEN + 1], date[32];
	const struct base *b;
	struct err ignored = ERR_INIT;
	struct reply a;
	bool known = reply_parse(text, &a, &ignored) == 0;

	if (known && a.word == REPLY_DONE)
		return 0;
	if (known && a.word == REPLY_WAITING)
		return 1;
	if (!known || (a.word != REPLY_STAYS && a.word != REPLY_EVICTED) ||
	    !(b = bases_find(all, a.ino)))
		return err_set(e, ERR_OPERATOR,
			       "the publisher did not make room in Nova's cache: %s", text);
	if (name_of(b, name, e) < 0)
		return -1;
	if (a.word == REPLY_STAYS) {
		collect_say_stays(c, b->is_own ? "base" : "release", name, a.text);
		return 1;
	}
	*left -= a.size_bytes;
	if (b->is_own && !c->dry)
		note(c, b, why);
	collect_say(c, b->is_own ? "base" : "release", name, a.size_bytes,
		    "%s; no image keeps it warm and no instance stands on it, last used %s",
		    why, collect_date(b->used_ms, date));
	return 1;
}

static int hear(struct collect *c, int fd, const struct bases *all, const char *why, int64_t *left,
		struct err *e)
{
	struct pollfd reply = {.fd = fd, .events = POLLIN};
	char text[PROTOCOL_MESSAGE_MAX + 1];
	int rc;

	do {
		ssize_t n;

		if (poll(&reply, 1, REPLY_WAIT_MS) != 1)
			return err_set(e, ERR_NOBODY,
				       "the publisher does not answer; the next one asks again");
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n <= 0)
			return err_set(e, ERR_NOBODY,
				       "the publisher died; the next one asks again");
		text[n] = '\0';
		rc = take_answer(c, all, text, why, left, e);
	} while (rc == 1);
	return rc;
}

static int ask(struct collect *c, const struct bases *all, const char *why, int64_t *left,
	       struct err *e)
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
	own_bases struct bases all = {0};
	char why[FLOOR_WHY], left_words[BYTES_WORDS];
	int64_t left;

	if (cache < 0 && errno == ENOENT)
		return 0; /* Nova makes the directory with its first image */
	if (cache < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at Nova's cache %s",
			       c->conf->cache_dir);
	if (bases_load(&all, c, cache, e) < 0)
		return -1;
	left = demand_of(c, &all, why);
	if (left <= 0)
		return 0;
	if (ask(c, &all, why, &left, e) < 0)
		return -1;
	if (left > 0)
		collect_say_lacking(c, "cache", left,
				    "%s; %s more should go, but every other file is kept warm by "
				    "an image, has an instance on it, or is not hornero's",
				    why, bytes_words(left_words, left));
	return 0;
}
