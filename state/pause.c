/* pause: DIAGNOSTICS: ERR_OPERATOR and ERR_NOBODY from fs_replace. */
#include "state/pause.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODE "node"

static char *path_of(const struct conf *c, const char *uuid)
{
	return fs_path("%s/%s", c->pause_dir, uuid ? uuid : NODE);
}

int pause_begin(const struct conf *c, const char *uuid, const char *who, struct err *e)
{
	own_free char *path = path_of(c, uuid);
	own_free char *line = fs_path("%s\n", who);

	if (fs_replace(AT_FDCWD, path, line, strlen(line), 0664, e) == 0)
		return 0;
	return e->sys == ENOENT ? err_set(e, ERR_OPERATOR,
					  "there is no %s; `hornero init` makes it", c->pause_dir)
				: -1;
}

int pause_end(const struct conf *c, const char *uuid, struct err *e)
{
	own_free char *path = path_of(c, uuid);

	if (FAILSTEP("pause-unlink", unlink(path)) == 0)
		return 1;
	return errno == ENOENT ? 0 : err_sys(e, ERR_OPERATOR, "cannot remove %s", path);
}

bool pause_by(const struct conf *c, const char *uuid, char who[PAUSE_WHO])
{
	own_free char *path = path_of(c, uuid);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : fs_pread(fd, who, PAUSE_WHO - 1, 0);

	who[n > 0 ? n : 0] = '\0';
	who[strcspn(who, "\n")] = '\0';
	if (fd >= 0 && *who == '\0')
		strcpy(who, "somebody");
	return fd >= 0;
}

static void add_image(struct paused *p, const char *uuid)
{
	char (*list)[UUID_LEN + 1] = realloc(p->images, (p->n + 1) * sizeof(*list));

	if (!list)
		return;
	p->images = list;
	memcpy(list[p->n++], uuid, UUID_LEN + 1);
}

void paused_load(struct paused *p, const struct conf *c)
{
	own_dir DIR *d = opendir(c->pause_dir);
	const struct dirent *entry;

	*p = (struct paused){.node = false};
	while (d && (entry = readdir(d))) {
		if (strcmp(entry->d_name, NODE) == 0)
			p->node = true;
		else if (uuid_valid(entry->d_name))
			add_image(p, entry->d_name);
	}
	(void)standstill_read(c->run_dir, &p->standstill);
}

void paused_fini(const struct paused *p)
{
	free(p->images);
}

bool paused_image(const struct paused *p, const char *uuid)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->images[i], uuid) == 0)
			return true;
	return false;
}

bool paused_why(const struct paused *p, const struct conf *c, const char *uuid, bool is_running,
		struct standstill *out)
{
	char who[PAUSE_WHO];

	*out = (struct standstill){.kind = WAITING_NOTHING};
	/* Without isolation nothing can be frozen. */
	if (is_running && c->isolation == CONF_ISOLATION_NONE)
		return false;
	if (uuid && paused_image(p, uuid) && pause_by(c, uuid, who)) {
		out->kind = WAITING_PAUSE;
		snprintf(out->text, sizeof(out->text),
			 "paused by %s; `hornero resume %s` ends that", who, uuid);
	} else if (p->node && pause_by(c, NULL, who)) {
		out->kind = WAITING_PAUSE;
		snprintf(out->text, sizeof(out->text),
			 "paused by %s on all of this node; `hornero resume` ends that", who);
	} else if (!is_running || waiting_entry(p->standstill.kind)->freezes) {
		*out = p->standstill;
	}
	return out->kind != WAITING_NOTHING;
}
