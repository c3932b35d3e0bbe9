/* filling: DIAGNOSTICS: ERR_OPERATOR if the image is not registered or the cache directory is
 * unusable, ERR_NOBODY if the disk is full or peer_stop() ended it. */
#include "agent/publish/filling.h"

#include "agent/publish/dependents.h"
#include "conf/image.h"
#include "lib/clock.h"
#include "lib/copy.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "store/label.h"
#include "store/nova.h"

#include <fcntl.h>
#include <unistd.h>

int filling_open_cache(const struct conf *conf, struct err *e)
{
	struct dir_made how;
	struct stat st;
	int fd = open(conf->cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT || stat(conf->instances_path, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot open Nova's cache directory %s",
			       conf->cache_dir);
	fd = dirs_make(conf->cache_dir, 0755, &how, e);
	if (fd < 0)
		return -1;
	if (how.made && geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0) {
		close(fd);
		return err_sys(e, ERR_OPERATOR, "cannot give %s to Nova", conf->cache_dir);
	}
	close(fd);
	if (fs_sync_parent(AT_FDCWD, conf->cache_dir, e) < 0)
		return -1;
	return fs_open_dir(AT_FDCWD, conf->cache_dir, e);
}

int filling_copy(struct filling *f, const struct conf *conf, int cache,
		 const struct peer_request *req, struct peer *peer, struct err *e)
{
	int64_t start_ms = clock_mono_ms();
	int64_t copied_ms;
	enum copy_way way;

	if (fstat(req->artifact, &f->source) < 0)
		return err_sys(e, ERR_US, "cannot look at the artifact");
	if (staging_open(&f->staging, cache, req, e) < 0)
		return -1;
	if (copy_file(req->artifact, f->staging.fd, f->source.st_size, peer_stop, peer, &way, e) <
	    0)
		return err_wrap(e, "in %s", conf->cache_dir);
	copied_ms = clock_mono_ms();
	label_set(f->staging.fd, req->image);
	if (FAILSTEP("publish-sync", fsync(f->staging.fd)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make the copy in %s durable",
			       conf->cache_dir);
	f->way = copy_way_name(way);
	f->copy_ms = copied_ms - start_ms;
	f->sync_ms = clock_mono_ms() - copied_ms;
	return 0;
}

/* Returns 1 if a publication of the image would wait for instances, 0 if not, -1 on error. */
static int would_wait(const struct conf *conf, const struct peer_request *req, struct err *e)
{
	own_unchanged struct unchanged seen = UNCHANGED_INIT;
	own_image struct image img = {0};
	struct dependents d;
	char name[SHA1_HEX + 1];

	if (image_load(conf->images_dir, req->image, &img, e) < 0)
		return -1;
	if (img.in_use == IMAGE_IN_USE_FLATTEN || image_wants_release(&img))
		return 0;
	if (nova_cache_name(req->image, name, e) < 0 ||
	    dependents_scan(conf->instances_path, conf->cache_subdir, name, &seen, &d, e) < 0)
		return -1;
	return d.count > 0;
}

int filling_prepare(struct filling *f, const struct conf *conf, int cache,
		    const struct peer_request *req, struct peer *peer, struct err *e)
{
	int waits = would_wait(conf, req, e);

	if (waits != 0)
		return waits < 0 ? -1 : 0;
	if (filling_copy(f, conf, cache, req, peer, e) < 0)
		return -1;
	log_info("event=prepared job=%lld attempt=%lld image=%s way=%s copy_ms=%lld sync_ms=%lld",
		 (long long)req->fence.job, (long long)req->fence.attempt, req->image, f->way,
		 (long long)f->copy_ms, (long long)f->sync_ms);
	failpoint("publish-prepared");
	return 0;
}

bool filling_is_of(const struct filling *f, int artifact)
{
	struct stat now;

	/* Not the ctime: the store has renamed the file. */
	return f->staging.fd >= 0 && fstat(artifact, &now) == 0 && fs_is_same(&now, &f->source) &&
	       now.st_size == f->source.st_size &&
	       now.st_mtim.tv_sec == f->source.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == f->source.st_mtim.tv_nsec;
}
