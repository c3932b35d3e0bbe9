/* sharing: DIAGNOSTICS: a wish that cannot be met has an answer with the reason, and a line of the
 * log. */
#include "glance/sharing.h"

#include "glance/sharedrecord.h"
#include "lib/bytes.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

struct serving {
	struct glance *g;
	http_stop *stop;
	const struct wanted *w;
};

static bool is_over(void *arg)
{
	const struct serving *s = arg;

	return s->stop(NULL) || !wanted_is_alive(s->g->conf->store_dir, s->w->image);
}

static int answer(struct serving *s, struct shared *a, struct err *e)
{
	const struct wanted *w = s->w;
	char quoted[2 * sizeof(a->reason) + 3];

	memcpy(a->image, w->image, sizeof(a->image));
	a->job = w->job;
	a->attempt = w->attempt;
	a->turn = w->turn;
	log_line(strcmp(a->state, SHARED_FAILED) == 0 ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
		 "event=share-%s image=%s job=%lld key=%.12s from=%s reason=%s", a->state, w->image,
		 (long long)w->job, w->key, *a->from ? a->from : "-",
		 log_quote(quoted, sizeof(quoted), a->reason));
	failpoint("share-before-answer");
	return shared_put(s->g->conf->glance_dir, a, e);
}

/* The bytes are here for a moment only, but twice: the store gets its own copy. */
static int check_room(const struct conf *c, int64_t size_bytes, struct err *e)
{
	struct floor f = conf_store_floor(c);
	char want[BYTES_WORDS], have[BYTES_WORDS];
	int64_t free_bytes;

	f.dir = c->glance_dir;
	free_bytes = floor_free_bytes(&f);
	if (free_bytes < 0 || free_bytes - size_bytes >= floor_bytes(&f))
		return 0;
	return err_set(e, ERR_NOBODY, "%s has no room for it: %s are free, it has %s",
		       c->glance_dir, bytes_words(have, free_bytes),
		       bytes_words(want, size_bytes));
}

static int judge(const struct shared_record *o, const struct http_answer *a, const char *digest,
		 const char *source, struct err *e)
{
	if (a->status != 200)
		return err_set(e, ERR_NOBODY, "%s answers %ld", source, a->status);
	if (a->saved_bytes != o->size_bytes)
		return err_set(e, ERR_NOBODY, "%s ends after %lld of %lld bytes", source,
			       (long long)a->saved_bytes, (long long)o->size_bytes);
	if (strcmp(digest, o->digest) != 0)
		return err_set(e, ERR_NOBODY, "%s has other bytes than the record says: its "
			       "SHA-256 is %.12s, not %.12s", source, digest, o->digest);
	return 0;
}

/* Fills a new file with the bytes of url, or of the record if url is "". */
static int fetch(struct serving *s, const struct shared_record *o, const char *url, int fd,
		 struct err *e)
{
	own_free char *path = fs_path("/v2/images/%s/file", o->release);
	own_sha256 struct sha256 *sha = sha256_new();
	own_answer struct http_answer a = {0};
	struct http_request r = {.method = "GET", .url = *url ? url : path, .file = fd,
				 .size_bytes = o->size_bytes, .save = sha,
				 .limit_ms = s->g->conf->share_timeout_s * 1000,
				 .is_foreign = *url, .stop = is_over, .stop_arg = s};
	char digest[SHA256_HEX + 1];

	if (!sha)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	if (*url ? http_do(s->g->http, &r, &a, e) < 0
		 : api_call(s->g, SERVICE_GLANCE, &r, &a, e) != SAID_YES)
		return -1;
	sha256_final(sha, digest);
	return judge(o, &a, digest, *url ? url : "Glance", e);
}

/* The name appears when the bytes are whole. */
static int keep(struct serving *s, const struct shared_record *o, const char *url, struct err *e)
{
	own_free char *path = shared_bytes(s->g->conf->glance_dir, s->w->image);
	own_free char *tmp = fs_path("%s.tmp", path);
	own_fd int fd = fs_create(AT_FDCWD, tmp, O_WRONLY, 0644);

	if (fd < 0)
		return err_sys(e, ERR_OPERATOR, "cannot make %s", tmp);
	if (fetch(s, o, url, fd, e) < 0) {
		FAILSTEP("share-undo", unlink(tmp));
		return -1;
	}
	failpoint("share-before-rename");
	return FAILSTEP("share-rename", rename(tmp, path)) < 0
		       ? err_sys(e, ERR_OPERATOR, "cannot rename %s", tmp)
		       : 0;
}

/* Keeps the reasons of all sources, for users. */
static void refuse(const struct shared_record *o, const struct err *e, struct shared *a)
{
	size_t len = strlen(a->reason);

	snprintf(a->state, sizeof(a->state), SHARED_FAILED);
	if (len == 0)
		snprintf(a->reason, sizeof(a->reason), "%s: %.220s", o->node, e->msg);
	else
		snprintf(a->reason + len, sizeof(a->reason) - len, "; then %.150s", e->msg);
}

/* First from the node: Glance need not move the bytes. */
static int take(struct serving *s, const struct shared_record *o, struct shared *a)
{
	const char *urls[] = {o->url, ""};
	char quoted[2 * ERR_MSG_MAX];

	for (int i = *o->url ? 0 : 1; i < 2 && !is_over(s); i++) {
		struct err e = ERR_INIT;

		if (check_room(s->g->conf, o->size_bytes, &e) == 0 &&
		    keep(s, o, urls[i], &e) == 0) {
			snprintf(a->state, sizeof(a->state), SHARED_FOUND);
			memcpy(a->digest, o->digest, sizeof(a->digest));
			a->size_bytes = o->size_bytes;
			snprintf(a->from, sizeof(a->from), "%s, %.180s", o->node,
				 *urls[i] ? urls[i] : "by Glance");
			*a->reason = '\0';
			return 0;
		}
		log_warn("event=share-refused image=%s release=%s node=%s reason=%s", s->w->image,
			 o->release, o->node, log_quote(quoted, sizeof(quoted), e.msg));
		refuse(o, &e, a);
	}
	return -1;
}

static int meet(struct serving *s, struct err *e)
{
	struct shared a = {.state = SHARED_NONE};
	struct shared_records records;
	struct err why = ERR_INIT;

	/* The build may ask again: share_wait. */
	if (shared_records_find(s->g, s->w, &records, &why) != SAID_YES) {
		snprintf(a.reason, sizeof(a.reason), "%.400s", why.msg);
	} else if (records.n == 0) {
		memcpy(a.reason, records.why, sizeof(a.reason));
	}
	for (size_t i = 0; why.class == ERR_NONE && i < records.n; i++)
		if (take(s, &records.list[i], &a) == 0)
			break;
	return s->stop(NULL) ? 0 : answer(s, &a, e);
}

struct pass {
	struct serving s;
	struct err *e;
};

static int on_wish(void *arg, const struct wanted *w)
{
	struct pass *p = arg;
	struct shared a;
	int known = shared_get(p->s.g->conf->glance_dir, w->image, &a, p->e);

	if (known < 0 || (known > 0 && shared_answers(&a, w)))
		return known < 0 ? -1 : 0;
	p->s.w = w;
	return p->s.stop(NULL) ? 0 : meet(&p->s, p->e);
}

/* hornero-build has them open as long as it needs them. */
static int clear(const struct conf *c, struct err *e)
{
	own_free char *path = shared_dir(c->glance_dir);
	own_dir DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_OPERATOR, "cannot list %s", path);
	while ((entry = readdir(d))) {
		char image[UUID_LEN + 1];

		snprintf(image, sizeof(image), "%.*s", UUID_LEN, entry->d_name);
		if (!uuid_valid(image) || wanted_is_alive(c->store_dir, image) ||
		    strncmp(entry->d_name + UUID_LEN, ".raw", 4) != 0)
			continue;
		if (FAILSTEP("share-clear", unlinkat(dirfd(d), entry->d_name, 0)) < 0 &&
		    errno != ENOENT)
			return err_sys(e, ERR_OPERATOR, "cannot remove %s/%s", path,
				       entry->d_name);
	}
	return 0;
}

int sharing_pass(struct glance *g, http_stop *stop, struct err *e)
{
	struct pass p = {.s = {.g = g, .stop = stop}, .e = e};

	return clear(g->conf, e) < 0 ? -1 : wanted_each(g->conf->store_dir, on_wish, &p, e);
}
