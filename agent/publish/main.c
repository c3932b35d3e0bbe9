/* hornero-publish: answers one request on descriptor 0, after `prepare` a second one.
 * DIAGNOSTICS: the exit code is the class of the error in the reply; 0 for published, deferred and
 * foreign. */
#include "agent/publish/dependents.h"
#include "agent/publish/evict.h"
#include "agent/publish/filling.h"
#include "agent/publish/peer.h"
#include "agent/publish/publish.h"
#include "agent/publish/touch.h"
#include "conf/good.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "store/nova.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct argp argp = {
	NULL,
	NULL,
	NULL,
	"Put one artifact into Nova's image cache: the publisher of hornero.\v"
	"Standard input is a SOCK_SEQPACKET connection with a request; hornerod or "
	"hornero-publish.socket starts this program.",
	NULL,
	NULL,
	NULL,
};

static int touch(const struct conf *conf, int list, struct peer *peer, struct err *e)
{
	int n = 0;
	int rc = touch_run(conf, list, &n, e);

	close(list);
	if (rc == 0)
		peer_say(peer, "touched", "%d", n);
	return rc;
}

/* Answers whether an instance uses the file under the image's own name. */
static int look(const struct conf *conf, const struct peer_request *req, struct peer *peer,
		struct err *e)
{
	own_unchanged struct unchanged seen = UNCHANGED_INIT;
	struct dependents d;
	char name[SHA1_HEX + 1];

	close(req->artifact);
	if (nova_cache_name(req->image, name, e) < 0 ||
	    dependents_scan(conf->instances_path, conf->cache_subdir, name, &seen, &d, e) < 0)
		return -1;
	peer_say(peer, d.count > 0 ? "used" : "free", "%s", d.text);
	return 0;
}

static int evict(const struct conf *conf, const struct peer_request *req, struct peer *peer,
		 struct err *e)
{
	int n = 0;
	int rc = evict_run(conf, req->artifact, req->want_bytes, req->word == PEER_PLAN, peer, &n,
			   e);

	close(req->artifact);
	if (rc == 0)
		peer_say(peer, "done", "%d", n);
	return rc;
}

static void say_process(struct peer *peer)
{
	peer_say(peer, "process", "%d", (int)getpid());
}

/* If the copy fails, the publication makes its own, and says why if that fails, too. Returns 1 if a
 * publication of the same attempt came, 0 if none did, -1 on error. */
static int prepare(const struct conf *conf, int cache, struct peer *peer, struct filling *f,
		   struct peer_request *req, struct err *e)
{
	const struct peer_request first = *req;
	struct err why = ERR_INIT;

	say_process(peer);
	staging_sweep(cache);
	if (filling_prepare(f, conf, cache, req, peer, &why) < 0) {
		log_info("event=not-prepared job=%lld %s", (long long)first.fence.job, why.msg);
		filling_end(f);
	}
	close(req->artifact);
	if (peer_await(peer) == 0)
		return 0;
	if (peer_receive(peer, req, e) < 0)
		return -1;
	if (req->word == PEER_PUBLISH && strcmp(req->image, first.image) == 0 &&
	    req->fence.job == first.fence.job && req->fence.attempt == first.fence.attempt)
		return 1;
	close(req->artifact);
	return err_set(e, ERR_US, "after prepare comes the publication of the same attempt");
}

static int publish(const struct conf *conf, const struct peer_request *req, struct peer *peer,
		   struct filling *prepared, struct err *e)
{
	own_fd int replaced = -1;
	struct publish_result out;
	int rc;

	say_process(peer);
	rc = publish_run(conf, req, peer, prepared, &out, e);
	replaced = out.replaced;
	close(req->artifact);
	if (rc < 0)
		return err_wrap(e, "job %lld attempt %lld", (long long)req->fence.job,
				(long long)req->fence.attempt);
	failpoint("publish-before-reply");
	if (out.foreign[0] != '\0')
		peer_say(peer, "foreign", "%s %s", out.name, out.foreign);
	else if (out.deferred[0] != '\0')
		peer_say(peer, out.release_only ? "alone" : "deferred", "%s", out.deferred);
	else
		peer_say(peer, "published", "%s %" PRIu64 " %" PRId64 " %" PRId64, out.name,
			 out.ino, out.size_bytes, out.took_ms);
	return 0;
}

static int prepare_and_publish(const struct conf *conf, struct peer_request *req, struct peer *peer,
			       struct err *e)
{
	own_fd int cache = filling_open_cache(conf, e);
	own_filling struct filling prepared = FILLING_INIT;
	int rc = cache < 0 ? -1 : prepare(conf, cache, peer, &prepared, req, e);

	return rc <= 0 ? rc : publish(conf, req, peer, &prepared, e);
}

static int serve(const char *option_c, struct peer *peer, struct err *e)
{
	own_conf struct conf *conf = NULL;
	struct filling none = FILLING_INIT;
	struct peer_request req;

	umask(022); /* Nova must be able to open the lock files that we make */
	if (conf_load_service(&conf, conf_find(option_c), e) < 0)
		return -1;
	if (peer_receive(peer, &req, e) < 0)
		return -1;
	switch (req.word) {
	case PEER_PUBLISH: return publish(conf, &req, peer, &none, e);
	case PEER_PREPARE: return prepare_and_publish(conf, &req, peer, e);
	case PEER_TOUCH: return touch(conf, req.artifact, peer, e);
	case PEER_LOOK: return look(conf, &req, peer, e);
	case PEER_EVICT:
	case PEER_PLAN: return evict(conf, &req, peer, e);
	}
	return err_set(e, ERR_US, "no such request");
}

int main(int argc, char **argv)
{
	const char *option_c = NULL;
	struct peer peer = {.conn = -1, .signals = -1};
	char quoted[2 * ERR_MSG_MAX];
	struct err e = ERR_INIT;
	int rc;

	log_open("hornero-publish", LOG_LEVEL_INFO);
	options_parse(&argp, argc, argv, NULL, &option_c);
	rc = peer_open(&peer, STDIN_FILENO, &e);
	if (rc == 0) {
		rc = serve(option_c, &peer, &e);
		if (rc < 0)
			peer_say(&peer, "error", "%s %s", err_class_name(e.class), e.msg);
	}
	peer_close(&peer);
	if (rc == 0)
		return 0;
	log_error("event=refused class=%s reason=%s", err_class_name(e.class),
		  log_quote(quoted, sizeof(quoted), e.msg));
	return err_exit(e.class);
}
