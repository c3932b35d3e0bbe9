/* toolchain: DIAGNOSTICS: as the header says. A record that cannot be read or written counts as
 * none. */
#include "agent/common/toolchain.h"

#include "agent/common/toolident.h"
#include "agent/common/treedigest.h"
#include "conf/input.h"
#include "conf/tool.h"
#include "lib/clock.h"
#include "lib/dirs.h"
#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FIND_MS = 10000, ASK_MS = 30000, RECORD_MAX = 1 << 20, COMMAND_MAX = 160,
       LAST_MAX = 100 };

static const char head[] = "hornero toolchain 1";

/* The contents of a record. */
struct record {
	char identity[SHA256_HEX + 1];
	struct toolchain found;
	char *inputs; /* "input DIGEST NAME" lines */
};

static void record_fini(struct record *r)
{
	free(r->inputs);
}
#define own_record __attribute__((cleanup(record_fini)))

/* ---- the version commands ---- */

/* Appends the first line of a version command's output to those of the others. */
static void note_version(char version[TOOLCHAIN_VERSION_MAX + 1], const char *said, size_t len)
{
	const char *newline = memchr(said, '\n', len);
	size_t at = strlen(version), from = at;

	len = newline ? (size_t)(newline - said) : len;
	at += (size_t)snprintf(version + at, TOOLCHAIN_VERSION_MAX + 1 - at, "%s%.*s",
			       at ? "; " : "", (int)len, said);
	if (at > TOOLCHAIN_VERSION_MAX)
		at = TOOLCHAIN_VERSION_MAX;
	for (size_t i = from; i < at; i++)
		if (version[i] < ' ' || version[i] > '~')
			version[i] = '?';
}

/* Formats the command as typed in a shell. */
static void command_text(char *const *argv, char out[COMMAND_MAX])
{
	size_t at = 0;

	*out = '\0';
	for (; *argv && at < COMMAND_MAX - 1; argv++) {
		bool plain = **argv && !(*argv)[strcspn(*argv, " \t\n'\"\\$`;|&()<>*?[]{}#~!")];

		at += (size_t)snprintf(out + at, COMMAND_MAX - at, plain ? "%s%s" : "%s'%s'",
				       at ? " " : "", *argv);
	}
	for (size_t i = 0; out[i]; i++)
		if (out[i] == '\n')
			out[i] = ' ';
}

/* Formats "; its last line: …" from standard error, else from standard output; "" if both are
 * empty. */
static void last_line(int errors, const char *said, char out[2 * LAST_MAX])
{
	char text[4096];
	off_t size = lseek(errors, 0, SEEK_END);
	ssize_t n = fs_pread(errors, text, sizeof(text) - 1,
			     size > (off_t)sizeof(text) - 1 ? size - (off_t)sizeof(text) + 1 : 0);
	char *end;

	text[n > 0 ? n : 0] = '\0';
	if (!*text && said)
		snprintf(text, sizeof(text), "%s",
			 strlen(said) < sizeof(text) ? said
						     : said + strlen(said) - sizeof(text) + 1);
	for (end = text + strlen(text); end > text && end[-1] == '\n';)
		*--end = '\0';
	end = strrchr(text, '\n');
	*out = '\0';
	if (*text)
		snprintf(out, 2 * LAST_MAX, "; its last line: %.*s", LAST_MAX,
			 end ? end + 1 : text);
}

static int ask_one(struct sha256 *h, const struct conf *c, const struct builder *b,
		   char *const *argv, int64_t deadline_ms, char *version, struct err *e)
{
	own_fd int errors = memfd_create("version", MFD_CLOEXEC);
	own_free char *out = NULL, *lack = NULL;
	char command[COMMAND_MAX], last[2 * LAST_MAX] = "", how[64];
	int64_t start_ms = clock_mono_ms();
	int64_t left_ms = deadline_ms - start_ms;
	struct err why = ERR_INIT;
	size_t len = 0;
	int status;

	status = tool_version(c, b, argv, left_ms > 1 ? (int)left_ms : 1, errors, &out, &len, &why);
	if (status == 0) {
		sha256_add_field(h, "version", out, len);
		note_version(version, out, len);
		return 0;
	}
	/* A missing program is the reason of the failure, and its command only shows it. */
	lack = tool_lacking(c, b);
	if (lack)
		return err_set(e, ERR_OPERATOR, "%s/%s.yaml: %s", c->builders_dir, b->name, lack);
	command_text(argv, command);
	if (errors >= 0)
		last_line(errors, out, last);
	if (status < 0)
		return err_set(e, ERR_NOBODY, "builder %s: the version command `%s` failed: %s%s",
			       b->name, command, why.msg, last);
	return err_set(e, ERR_NOBODY, "builder %s: the version command `%s` ended with %s after "
		       "%lld ms%s; correct `version` in its file", b->name, command,
		       spawn_status_text(status, how, sizeof(how)),
		       (long long)(clock_mono_ms() - start_ms), last);
}

/* ---- inputs ---- */

static bool can_read(void *arg, const struct tree_entry *entry)
{
	return !input_lacks(arg, entry->st);
}

/* Fills *lines with "input DIGEST NAME" for each input, and writes the record of their files. */
static int read_inputs(const struct conf *c, const struct builder *b, char **lines, struct err *e)
{
	own_free char *dir = fs_path("%s/toolchain", c->state_dir);
	own_treedigest struct treedigest *t = treedigest_open(dir, b->name);

	if (!t)
		return err_set(e, ERR_NOBODY, "out of memory for the inputs of %s", b->name);
	treedigest_for(t, can_read, (void *)c);
	*lines = fs_path("%s", "");
	for (size_t i = 0; b->inputs && b->inputs[i]; i++) {
		own_free char *path = input_path(c, b->inputs[i]);
		char digest[SHA256_HEX + 1];
		char *more;

		if (input_check(c, b, b->inputs[i], e) < 0)
			return -1;
		if (treedigest_add(t, path, digest, e) < 0)
			return err_wrap(e, "%s/%s.yaml: the input %s", c->builders_dir, b->name,
					b->inputs[i]);
		more = fs_path("%sinput %s %s\n", *lines, digest, b->inputs[i]);
		free(*lines);
		*lines = more;
	}
	treedigest_save(t);
	return 0;
}

static void add_inputs(struct sha256 *h, const struct builder *b, const char *lines)
{
	const char *line = lines;

	for (char **name = b->inputs; name && *name; name++) {
		sha256_add_field(h, "input", *name, strlen(*name));
		sha256_add_field(h, "digest", line + strlen("input "), SHA256_HEX);
		line = strchr(line, '\n') + 1;
	}
}

/* ---- the record ---- */

/* Returns TEXT if the next line is `name TEXT`, else NULL. */
static char *next_line(char **rest, const char *name)
{
	char *line = strsep(rest, "\n");
	size_t len = strlen(name);

	return line && strncmp(line, name, len) == 0 && (line[len] == ' ' || line[len] == '\0')
		       ? line + len + (line[len] == ' ')
		       : NULL;
}

/* A malformed record counts as none: all zero. */
static void record_read(const struct conf *c, const struct builder *b, struct record *out)
{
	own_free char *path = fs_path("%s/toolchain/%s", c->state_dir, b->name);
	own_free char *text = NULL;
	struct err ignored = ERR_INIT;
	const char *identity, *digest, *version;
	char *rest;
	size_t len;

	*out = (struct record){.inputs = NULL};
	if (fs_read(AT_FDCWD, path, RECORD_MAX, &text, &len, &ignored) < 0)
		return;
	rest = text;
	if (!next_line(&rest, head) || !(identity = next_line(&rest, "identity")) ||
	    !(digest = next_line(&rest, "toolchain")) || !(version = next_line(&rest, "version")) ||
	    !rest || !sha256_valid(identity) || !sha256_valid(digest))
		return;
	snprintf(out->identity, sizeof(out->identity), "%s", identity);
	snprintf(out->found.digest, sizeof(out->found.digest), "%s", digest);
	snprintf(out->found.version, sizeof(out->found.version), "%s", version);
	out->inputs = fs_path("%s", rest);
}

/* If writing fails (no right, no space), the next caller runs the commands again. */
static void record_write(const struct conf *c, const struct builder *b, const struct record *r)
{
	own_free char *path = fs_path("%s/toolchain", c->state_dir);
	own_free char *text = fs_path("%s\nidentity %s\ntoolchain %s\nversion %s\n%s", head,
				      r->identity, r->found.digest, r->found.version, r->inputs);
	struct err ignored = ERR_INIT;
	own_fd int dir = dirs_make(path, 0755, NULL, &ignored);

	failpoint("toolchain-before-record");
	if (dir >= 0)
		(void)fs_replace(dir, b->name, text, strlen(text), 0644, &ignored);
	failpoint("toolchain-after-record");
}

static bool is_same(const struct record *a, const struct record *b)
{
	return strcmp(a->identity, b->identity) == 0 &&
	       strcmp(a->found.digest, b->found.digest) == 0 &&
	       strcmp(a->found.version, b->found.version) == 0 && a->inputs &&
	       strcmp(a->inputs, b->inputs) == 0;
}

/* The caller has taken identity and inputs before: a change in the meantime makes the record
 * invalid. */
static int ask(const struct conf *c, const struct builder *b, const struct record *old,
	       struct record *new, int wait_ms, struct err *e)
{
	own_sha256 struct sha256 *h = sha256_new();
	int64_t deadline_ms = clock_mono_ms() + wait_ms;

	if (!h)
		return err_set(e, ERR_NOBODY, "out of memory for a digest");
	for (char ***argv = b->version; argv && *argv; argv++)
		if (ask_one(h, c, b, *argv, deadline_ms, new->found.version, e) < 0)
			return -1;
	add_inputs(h, b, new->inputs);
	sha256_final(h, new->found.digest);
	if (!is_same(old, new))
		record_write(c, b, new);
	return 0;
}

/* Reads the record, and what it depends on now. */
static int look(const struct conf *c, const struct builder *b, struct record *old,
		struct record *new, struct err *e)
{
	if (toolident_programs(c, b, new->identity, e) < 0 ||
	    read_inputs(c, b, &new->inputs, e) < 0)
		return -1;
	record_read(c, b, old);
	return 0;
}

int toolchain_find(const struct conf *c, const struct builder *b, struct toolchain *out,
		   struct err *e)
{
	own_record struct record old = {.inputs = NULL};
	own_record struct record new = {.inputs = NULL};

	if (look(c, b, &old, &new, e) < 0)
		return -1;
	if (strcmp(old.identity, new.identity) == 0 && strcmp(old.inputs, new.inputs) == 0) {
		*out = old.found;
		return 0;
	}
	if (ask(c, b, &old, &new, FIND_MS, e) < 0)
		return -1;
	*out = new.found;
	return 0;
}

int toolchain_ask(const struct conf *c, const struct builder *b, struct err *e)
{
	own_record struct record old = {.inputs = NULL};
	own_record struct record new = {.inputs = NULL};

	return look(c, b, &old, &new, e) < 0 || ask(c, b, &old, &new, ASK_MS, e) < 0 ? -1 : 0;
}
