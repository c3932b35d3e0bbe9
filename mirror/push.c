/* push: DIAGNOSTICS: each failure is a state and a sentence; refs that were rewound are logged. */
#include "mirror/push.h"

#include "lib/args.h"
#include "lib/fs.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/spawn.h"
#include "state/mirror.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

enum { BATCH = 256, SAID_MAX = 1 << 20 };

#define HOOK_WORDS "remote: hornero: "

static void append(char *text, size_t size, const char *separator, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used > 0 ? separator : "", more);
}

/* The door's environment, as far as it is the same for a push without a key. The process at the
 * other end drops the variables of git. */
static void add_env(const struct push *p, struct args *env)
{
	const char *path = getenv("PATH");

	args_addf(env, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
	args_addf(env, "HOME=%s", p->conf->repo_root);
	args_add(env, "LANG=C.UTF-8");
	args_add(env, "GIT_CONFIG_GLOBAL=/dev/null");
	args_addf(env, "HORNERO_CONF=%s", p->conf->path);
	args_add(env, MIRROR_ENV "=1");
	args_addf(env, "GIT_DIR=%s", p->repo_path);
	args_addf(env, "GIT_OBJECT_DIRECTORY=%s", p->objects);
	args_addf(env, "GIT_ALTERNATE_OBJECT_DIRECTORIES=%s/objects", p->repo_path);
}

/* Takes a line "FLAG\tFROM:REF\tSUMMARY" of --porcelain. */
static void take_ref(const struct push *p, char *line, struct mirrored *m)
{
	char *ref = strchr(line, ':'), *summary = ref ? strchr(ref, '\t') : NULL;
	char text[400];

	if (!summary)
		return;
	*summary++ = '\0';
	if (*line == '!') {
		snprintf(text, sizeof(text), "%.200s: %.150s", ref + 1, summary);
		if (!strstr(summary, "pre-receive hook declined"))
			append(m->reason, sizeof(m->reason), "; ", text);
		return;
	}
	m->changed += *line != '=';
	if (*line != '+')
		return;
	summary[strcspn(summary, " ")] = '\0';
	snprintf(text, sizeof(text), "%.200s %.90s", ref + 1, summary);
	append(m->rewound, sizeof(m->rewound), "; ", text);
	log_warn("event=mirror-rewound repo=%s ref=%s commits=%s", p->repo, ref + 1, summary);
}

static void take_words(const struct push *p, char *text, struct mirrored *m)
{
	static const char refusal[] = "push refused: ", hint[] = "nothing of this push was taken";
	char *line;

	while ((line = strsep(&text, "\n"))) {
		size_t len = strlen(line);

		while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\r'))
			line[--len] = '\0';
		if (len > 2 && strchr(" +-*!=", *line) && line[1] == '\t') {
			take_ref(p, line, m);
		} else if (strncmp(line, HOOK_WORDS, strlen(HOOK_WORDS)) == 0) {
			line += strlen(HOOK_WORDS);
			if (strncmp(line, refusal, strlen(refusal)) == 0)
				append(m->reason, sizeof(m->reason), "; ", line + strlen(refusal));
			else if (strncmp(line, hint, strlen(hint)) != 0)
				append(m->said, sizeof(m->said), "|", line);
		} else if (!*m->reason && strncmp(line, "fatal: ", 7) == 0) {
			append(m->reason, sizeof(m->reason), "; ", line + 7);
		}
	}
}

/* Returns git's exit code: 0 if it moved all refs, or -1. */
static int push_some(const struct push *p, const struct move *moves, size_t n, struct mirrored *m)
{
	own_args struct args a = ARGS_INIT, env = ARGS_INIT;
	struct spawn s = SPAWN_INIT(NULL);
	own_free char *words = NULL;
	struct err e = ERR_INIT;
	int status = -1;
	size_t len;

	args_add(&a, "sh");
	args_add(&a, "-c");
	args_add(&a, "exec git push --porcelain --force -- \"$@\" 2>&1");
	args_add(&a, "hornero-mirror");
	args_add(&a, p->repo_path);
	for (size_t i = 0; i < n; i++)
		args_addf(&a, "%s:%s", moves[i].oid ? moves[i].oid : "", moves[i].name);
	add_env(p, &env);
	s.argv = args_list(&a);
	s.envp = args_list(&env);
	s.err = STDERR_FILENO;
	if (args_check(&a, &e) == 0 && args_check(&env, &e) == 0)
		status = spawn_capture(&s, (int)(p->conf->mirror_timeout_s * 1000), SAID_MAX,
				       &words, &len, &e);
	if (status < 0) {
		append(m->reason, sizeof(m->reason), "; ", e.msg);
		return -1;
	}
	take_words(p, words, m);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int push_batch(const struct push *p, const struct move *moves, size_t n, struct mirrored *m)
{
	struct mirrored before = *m;
	int64_t changed = m->changed;
	int rc = push_some(p, moves, n, m);

	if (rc <= 0 || n == 1 || m->changed > changed)
		return rc;
	*m = before;
	for (size_t i = 0; i < n && rc >= 0; i++) {
		int one = push_some(p, &moves[i], 1, m);

		rc = one == 0 ? rc : one;
	}
	return rc;
}

enum mirrored_state push_run(const struct push *p, const struct move *moves, size_t n,
			     struct mirrored *m)
{
	int worst = 0;

	m->changed = 0;
	*m->reason = *m->rewound = *m->said = '\0';
	for (size_t i = 0; i < n && worst >= 0; i += BATCH) {
		int rc = push_batch(p, moves + i, n - i < BATCH ? n - i : BATCH, m);

		worst = rc == 0 ? worst : rc;
	}
	if (worst == 0)
		return MIRRORED_CURRENT;
	if (!*m->reason)
		snprintf(m->reason, sizeof(m->reason), "git refused to move its refs here");
	return worst < 0 ? MIRRORED_FAILED : MIRRORED_REFUSED;
}
