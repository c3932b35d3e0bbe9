/* target: DIAGNOSTICS: ERR_OPERATOR if the repository or the node is not set up correctly. */
#include "hooks/target.h"

#include "conf/good.h"
#include "hooks/images.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* Reads and drops the input beyond the limit. */
static void swallow(int fd)
{
	char waste[65536];
	ssize_t n;

	do
		n = read(fd, waste, sizeof(waste));
	while (n > 0 || (n < 0 && errno == EINTR));
}

static int read_all(int fd, char **out, size_t *len, bool *more, struct err *e)
{
	own_free char *buf = NULL;
	size_t used = 0;
	size_t room = 0;

	for (;;) {
		ssize_t n;

		if (used == room) {
			char *bigger = room < REFLINE_INPUT_MAX
					       ? realloc(buf, room ? 2 * room : 4096)
					       : NULL;

			if (!bigger)
				break;
			buf = bigger;
			room = room ? 2 * room : 4096;
		}
		n = read(fd, buf + used, room - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_US, "cannot read what was pushed");
		if (n == 0)
			break;
		used += (size_t)n;
	}
	*more = used == room;
	if (*more)
		swallow(fd);
	*len = used;
	*out = steal_ptr(&buf);
	return 0;
}

int pushed_read(int fd, struct pushed *out, struct err *e)
{
	struct pushed p = {0};
	size_t len = 0;
	size_t lines = 0;
	bool more = false;
	char *at;
	int got;

	if (read_all(fd, &p.text, &len, &more, e) < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		lines += p.text[i] == '\n';
	p.lines = calloc(lines + 1, sizeof(*p.lines));
	if (!p.lines) {
		pushed_fini(&p);
		return err_set(e, ERR_NOBODY, "out of memory for what was pushed");
	}
	p.passed_over = more;
	at = p.text;
	while ((got = refline_next(&at, p.text + len, &p.lines[p.n])) != 0) {
		p.n += got > 0;
		p.passed_over += got < 0;
	}
	*out = p;
	return 0;
}

void pushed_fini(struct pushed *p)
{
	free(p->text);
	free(p->lines);
}

static int repo_name(const struct conf *c, char **out, struct err *e)
{
	static const char suffix[] = ".git";
	own_free char *here = realpath(".", NULL);
	own_free char *root = realpath(c->repo_root, NULL);
	size_t tail = sizeof(suffix) - 1;
	size_t head, len;

	if (!here || !root)
		return err_sys(e, ERR_OPERATOR, "cannot find this repository below repo_root %s",
			       c->repo_root);
	head = strlen(root);
	len = strlen(here);
	if (len <= head + 1 + tail || strncmp(here, root, head) != 0 || here[head] != '/' ||
	    strcmp(here + len - tail, suffix) != 0)
		return err_set(e, ERR_OPERATOR,
			       "%s is no repository below repo_root %s of %s; make one with "
			       "`hornero repo create`",
			       here, root, c->path);
	*out = fs_path("%.*s", (int)(len - tail - head - 1), here + head + 1);
	return 0;
}

int target_find(struct target *out, struct err *e)
{
	own_free char *path = realpath(TARGET_CONF, NULL);

	*out = (struct target){0};

	if (!path)
		return err_sys(e, ERR_OPERATOR,
			       "cannot find the configuration that %s in this repository points to",
			       TARGET_CONF);
	if (conf_load_good(&out->conf, path, &out->broken, e) < 0)
		return -1;
	if (repo_name(out->conf, &out->repo, e) < 0)
		return -1;
	return images_near(out->conf->images_dir, out->repo, &out->images, &out->n, e);
}

void target_fini(struct target *p)
{
	images_free(p->images, p->n);
	conf_free(p->conf);
	free(p->repo);
}

bool target_builds(const struct target *p, const struct image *img, const char *ref)
{
	return strcmp(img->repo, p->repo) == 0 && strcmp(img->ref, ref) == 0;
}
