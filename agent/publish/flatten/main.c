/* hornero-flatten: flattens one disk.
 * DIAGNOSTICS: the exit code is the class of the error; the last line of output has its text. */
#include "agent/publish/flatten/flatten.h"

#include "agent/publish/backing.h"
#include "agent/publish/diskinfo.h"
#include "agent/publish/unchanged.h"
#include "conf/good.h"
#include "lib/bytes.h"
#include "lib/clock.h"
#include "lib/failpoint.h"
#include "lib/floor.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/options.h"
#include "lib/own.h"
#include "lib/stopsignal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

struct options {
	const char *conf, *disk, *base;
};

static error_t take_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	if (key == ARGP_KEY_ARG && state->arg_num < 2)
		*(state->arg_num == 0 ? &o->disk : &o->base) = arg;
	else if (key == ARGP_KEY_END && state->arg_num < 2)
		argp_usage(state);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static const struct argp argp = {
	NULL, take_option, "DISK BASE",
	"Make the disk of an instance independent of its base: for images with in_use: flatten.\v"
	"hornero-publish starts this program.",
	NULL, NULL, NULL,
};

/* Returns 1 if the disk has a base, 0 if not, -1 on error. */
static int is_backed(const char *disk, struct backing *b, struct err *e)
{
	own_fd int fd = open(disk, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, ERR_NOBODY, "cannot read %s", disk);
	switch (backing_read(fd, b)) {
	case OVERLAY_NONE:
		return 0;
	case OVERLAY_BACKED:
		return 1;
	case OVERLAY_BAD:
		break;
	}
	if (errno == EBADMSG)
		return err_set(e, ERR_NOBODY,
			       "the qcow2 header of %s is invalid or names a data file", disk);
	return err_sys(e, ERR_NOBODY, "cannot read %s", disk);
}

/* Refuses a disk unless Nova made it, on this base: a guest may have written the header, and QEMU
 * opens the file that a header names. */
static int check_made_by_nova(const struct flatten *f, const struct backing *b, struct err *e)
{
	const char *slash = strrchr(f->disk, '/');
	const char *name = slash ? slash + 1 : f->disk;
	own_free char *parent = fs_path("%.*s", slash ? (int)(slash - f->disk) + 1 : 0, f->disk);
	own_fd int dir = fs_open_dir(AT_FDCWD, parent[0] ? parent : ".", e);

	if (dir < 0)
		return -1;
	if (diskinfo_format(dir, name) != DISKINFO_QCOW2)
		return err_set(e, ERR_NOBODY, "Nova's disk.info beside it does not call %s qcow2",
			       name);
	if (!overlay_is_same_path(b->name, f->base))
		return err_set(e, ERR_NOBODY,
			       "its header spells the base in another way than %s (is "
			       "instances_path as in nova.conf?)",
			       f->base);
	if (!b->is_raw)
		return err_set(e, ERR_NOBODY, "its header does not call its base raw");
	return 0;
}

/* Refuses a disk that others may use without libvirt or QEMU's lock showing it. */
static int check_exclusive(const struct flatten *f, struct err *e)
{
	static const char resize[] = "_resize/";
	const char *slash = strrchr(f->disk, '/');
	size_t before = slash ? (size_t)(slash - f->disk) + 1 : 0;
	own_fd int fd = open(f->disk, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (before > strlen(resize) &&
	    strncmp(slash + 1 - strlen(resize), resize, strlen(resize)) == 0)
		return err_set(e, ERR_NOBODY,
			       "Nova is resizing or moving it, and may be copying its disk");
	if (fd < 0 || !unchanged_is_local(fd))
		return err_set(e, ERR_NOBODY,
			       "its disk is on a shared filesystem (instances_path), where a "
			       "domain of another host may have it");
	return 0;
}

/* Flattening needs at most the size of the base. It must not take the disk below the floor: nothing
 * is published there, and other instances write to the same filesystem. */
static int look_for_room(const struct conf *c, const char *disk, const char *base, struct err *e)
{
	struct floor floor = conf_cache_floor(c);
	char need[BYTES_WORDS], have[BYTES_WORDS], want[BYTES_WORDS];
	int64_t need_bytes, free_bytes;
	struct stat st;

	floor.dir = disk;
	/* If the base was deleted, a QEMU that has it open can still read it. */
	need_bytes = stat(base, &st) == 0 ? (int64_t)st.st_blocks * 512 : 0;
	free_bytes = floor_free_bytes(&floor);
	if (free_bytes < 0 || free_bytes - floor_bytes(&floor) >= need_bytes)
		return 0;
	return err_set(e, ERR_NOBODY,
		       "it needs up to %s more; %s are free, of which %s must stay free (%s)",
		       bytes_words(need, need_bytes), bytes_words(have, free_bytes),
		       bytes_words(want, floor_bytes(&floor)), floor.setting);
}

/* The header names no base now. Only a durable header allows the base to be removed. */
static int make_durable(const char *disk, struct err *e)
{
	own_fd int fd = open(disk, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || FAILSTEP("flatten-sync", fsync(fd)) < 0)
		return err_sys(e, ERR_NOBODY, "cannot make %s durable", disk);
	return 0;
}

static int run(const struct flatten *f, struct err *e)
{
	int64_t start_ms = clock_mono_ms();
	struct backing b;
	int backed = is_backed(f->disk, &b, e);
	int pulled;

	if (backed < 0)
		return -1;
	if (backed == 0)
		return make_durable(f->disk, e);
	if (check_made_by_nova(f, &b, e) < 0 || check_exclusive(f, e) < 0 ||
	    look_for_room(f->conf, f->disk, f->base, e) < 0)
		return -1;
	flatten_progress(0, 0);
	pulled = pull_run(f, e);
	if (pulled < 0 || (pulled == 0 && rebase_run(f, e) < 0))
		return -1;
	failpoint("flatten-done");
	backed = is_backed(f->disk, &b, e);
	if (backed != 0)
		return backed < 0 ? -1
				  : err_set(e, ERR_NOBODY, "%s still has a backing file", f->disk);
	if (make_durable(f->disk, e) < 0)
		return -1;
	log_info("event=flattened way=%s took_ms=%" PRId64 " disk=%s", pulled ? "pull" : "rebase",
		 clock_mono_ms() - start_ms, f->disk);
	return 0;
}

static int start(const struct options *o, struct err *e)
{
	own_conf struct conf *conf = NULL;
	own_fd int signals = -1;

	if (conf_load_service(&conf, conf_find(o->conf), e) < 0)
		return -1;
	/* Progress may go to a publisher that has died: its block job has to be ended first. */
	signal(SIGPIPE, SIG_IGN);
	signals = stopsignal_open(stopsignal_usual, e);
	if (signals < 0)
		return -1;
	return run(&(struct flatten){.conf = conf,
				     .disk = o->disk,
				     .base = o->base,
				     .signals = signals},
		   e);
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct err e = ERR_INIT;

	log_open("hornero-flatten", LOG_LEVEL_INFO);
	options_parse(&argp, argc, argv, &o, &o.conf);
	if (start(&o, &e) == 0)
		return 0;
	printf("refused %s\n", e.msg);
	fflush(stdout);
	return err_exit(e.class);
}
