/* verdict: one table of fields, for writing and reading. DIAGNOSTICS: ERR_US if a verdict of ours
 * cannot be read back. */
#include "agent/common/verdict.h"

#include "lib/escape.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

enum kind { TEXT, NUMBER };

#define TEXT_AT(name, member) \
	{name, TEXT, offsetof(struct verdict, member), sizeof(((struct verdict *)0)->member)}
#define TEXT_FIELD(name)   TEXT_AT(#name, name)
#define TEXT_MADE(name)    TEXT_AT(#name, made.name)
#define NUMBER_FIELD(name) {#name, NUMBER, offsetof(struct verdict, name), 0}
#define NUMBER_MADE(name)  {#name, NUMBER, offsetof(struct verdict, made.name), 0}

static const struct {
	const char *name;
	enum kind kind;
	size_t offset, size;
} fields[] = {
	TEXT_MADE(image), NUMBER_MADE(job), NUMBER_MADE(attempt), TEXT_FIELD(cause),
	TEXT_FIELD(reason), TEXT_MADE(commit), TEXT_MADE(tree), TEXT_MADE(builder),
	TEXT_MADE(key), TEXT_MADE(inputs), TEXT_MADE(digest), TEXT_MADE(pinned),
	TEXT_MADE(repo), TEXT_FIELD(binding), TEXT_FIELD(built), TEXT_FIELD(confirms),
	TEXT_FIELD(shared_from),
	NUMBER_FIELD(confirms_job), NUMBER_FIELD(size_bytes), NUMBER_FIELD(checkout_ms),
	NUMBER_FIELD(build_ms), NUMBER_FIELD(check_ms), NUMBER_FIELD(store_ms),
	NUMBER_FIELD(boot_ms), NUMBER_FIELD(cpu_ms), NUMBER_FIELD(mem_peak_bytes),
};
enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]), VERDICT_MAX = 8192 };

static char *path_of(int64_t job, int64_t attempt)
{
	return fs_path("%lld.%lld.verdict", (long long)job, (long long)attempt);
}

static int write_file(const char *log_dir, const struct verdict *v, bool synced, struct err *e)
{
	own_free char *name = path_of(v->made.job, v->made.attempt);
	own_fd int dir = fs_open_dir(AT_FDCWD, log_dir, e);
	char text[VERDICT_MAX];
	size_t len;

	if (dir < 0)
		return -1;
	len = (size_t)snprintf(text, sizeof(text), "class=%s\nreused=%d\n",
			       err_class_name(v->class), v->reused);
	for (int i = 0; i < N_FIELDS; i++) {
		const char *at = (const char *)v + fields[i].offset;

		if (fields[i].kind == TEXT)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s=%s\n",
						fields[i].name, at);
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s=%lld\n",
						fields[i].name,
						(long long)*(const int64_t *)(const void *)at);
	}
	return synced ? fs_replace(dir, name, text, len, 0640, e)
		      : fs_replace_unsynced(dir, name, text, len, 0640, e);
}

int verdict_write(const char *log_dir, const struct verdict *v, struct err *e)
{
	return write_file(log_dir, v, true, e);
}

int verdict_write_unsynced(const char *log_dir, const struct verdict *v, struct err *e)
{
	return write_file(log_dir, v, false, e);
}

static void take_line(struct verdict *v, const char *name, const char *value)
{
	if (strcmp(name, "class") == 0)
		v->class = err_class_parse(value);
	if (strcmp(name, "reused") == 0)
		v->reused = strcmp(value, "1") == 0;
	for (int i = 0; i < N_FIELDS; i++) {
		char *at = (char *)v + fields[i].offset;

		if (strcmp(fields[i].name, name) != 0)
			continue;
		if (fields[i].kind == TEXT)
			snprintf(at, fields[i].size, "%s", value);
		else
			*(int64_t *)(void *)at = strtoll(value, NULL, 10);
	}
}

int verdict_read(const char *log_dir, int64_t job, int64_t attempt, struct verdict *out,
		 struct err *e)
{
	own_free char *name = path_of(job, attempt);
	own_free char *text = NULL;
	own_fd int dir = fs_open_dir(AT_FDCWD, log_dir, e);
	struct verdict v = {.class = ERR_US};
	char *line, *rest;
	size_t len;

	if (dir < 0)
		return -1;
	if (fs_read(dir, name, VERDICT_MAX, &text, &len, e) < 0)
		return e->sys == ENOENT ? 0 : -1;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals = '\0';
		take_line(&v, line, equals + 1);
	}
	if (v.made.job != job || v.made.attempt != attempt || !uuid_valid(v.made.image) ||
	    v.size_bytes < 0 ||
	    (v.class == ERR_NONE &&
	     (!sha256_valid(v.made.digest) || !sha256_valid(v.made.key) ||
	      !sha256_valid(v.made.inputs))))
		return err_set(e, ERR_US, "%s/%s is not a verdict of job %lld attempt %lld",
			       log_dir, name, (long long)job, (long long)attempt);
	*out = v;
	return 1;
}

int verdict_sys(struct verdict *v, enum err_class class, enum cause cause, const char *fmt, ...)
{
	int number = errno;
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return verdict_say(v, err_class_sys(class, number), cause, "%s: %s", text,
			   strerror(number));
}

int verdict_say(struct verdict *v, enum err_class class, enum cause cause, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->class = class;
	snprintf(v->cause, sizeof(v->cause), "%s", cause_name(cause));
	escape_text(v->reason, sizeof(v->reason), text, strlen(text), ESCAPE_LINE);
	return -1;
}
