/* fence: one file per image, renamed into place. It is not synced: no publisher outlives a power
 * failure.
 * DIAGNOSTICS: ERR_OPERATOR if fence_dir is not writable or a fence is unreadable, ERR_NOBODY if
 * the fence of an image names another attempt or none. */
#include "agent/common/fence.h"

#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of randomness in a token. */
enum { TOKEN_BYTES = 16 };

/* Reads 1 to 18 digits and the space behind them. */
static const char *take_number(const char *text, int64_t *out)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 18 || text[len] != ' ')
		return NULL;
	*out = strtoll(text, NULL, 10);
	return text + len + 1;
}

bool fence_parse(const char *text, struct fence *out)
{
	static const char harmless[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	struct fence f;
	size_t len;

	if (!(text = take_number(text, &f.job)) || !(text = take_number(text, &f.attempt)))
		return false;
	len = strspn(text, harmless);
	if (len == 0 || len > PROTOCOL_TOKEN_MAX || text[len] != '\0')
		return false;
	memcpy(f.token, text, len + 1);
	*out = f;
	return true;
}

const char *fence_format(const struct fence *f, char text[FENCE_TEXT])
{
	snprintf(text, FENCE_TEXT, "%lld %lld %s", (long long)f->job, (long long)f->attempt,
		 f->token);
	return text;
}

bool fence_same(const struct fence *a, const struct fence *b)
{
	return a->job == b->job && a->attempt == b->attempt && strcmp(a->token, b->token) == 0;
}

int fence_read(const struct conf *c, const char *image, struct fence *out, struct err *e)
{
	own_free char *path = fs_path("%s/%s", c->fence_dir, image);
	own_free char *text = NULL;
	size_t len;

	*out = FENCE_NONE;
	if (fs_read(AT_FDCWD, path, 256, &text, &len, e) < 0)
		return e->sys == ENOENT ? 0 : -1;
	if (len > 0 && text[len - 1] == '\n') {
		text[len - 1] = '\0';
		if (strlen(text) == len - 1 && fence_parse(text, out))
			return 1;
	}
	return err_set(e, ERR_OPERATOR, "%s does not hold JOB ATTEMPT TOKEN", path);
}

static int make_token(struct fence *f, struct err *e)
{
	unsigned char raw[TOKEN_BYTES];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_sys(e, ERR_US, "cannot get random bytes for a fence");
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(f->token + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

int fence_set(const struct conf *c, const char *image, int64_t job, int64_t attempt,
	      struct fence *out, struct err *e)
{
	own_free char *path = fs_path("%s/%s", c->fence_dir, image);
	own_free char *line = NULL;
	char text[FENCE_TEXT];

	*out = (struct fence){.job = job, .attempt = attempt};
	if (make_token(out, e) < 0)
		return -1;
	line = fs_path("%s\n", fence_format(out, text));
	return fs_replace_unsynced(AT_FDCWD, path, line, strlen(line), 0644, e) < 0
		       ? err_wrap(e, "cannot set the fence of image %s", image)
		       : 0;
}

int fence_check(const struct conf *c, const char *image, const struct fence *told, struct err *e)
{
	struct fence now;
	int rc = fence_read(c, image, &now, e);

	if (rc <= 0) {
		e->class = ERR_NOBODY;
		return err_wrap(e, "fenced: no attempt of image %s may publish", image);
	}
	if (!fence_same(&now, told))
		return err_set(e, ERR_NOBODY, "fenced: image %s belongs to another attempt by now",
			       image);
	return 0;
}
