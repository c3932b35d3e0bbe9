/* repo_mirror: `hornero repo mirror` and `hornero repo fetch`. DIAGNOSTICS: ERR_USAGE for a wrong
 * name or URL; exit 1 with the reason if a fetch fails, 75 if its end was not seen. */
#include "cli/change.h"
#include "cli/mirroring.h"
#include "cli/wait.h"
#include "cli/words.h"
#include "conf/image.h"
#include "lib/alone.h"
#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/spawn.h"

#include <string.h>
#include <time.h>

#define WAIT_S "60"

enum { LOOK_MS = 50, GIT_MS = 10000, GIT_BYTES = 4096 };

/* Whether the repository has a branch or a tag: returns 1, 0, -1 on error. */
static int has_refs(const char *path, struct err *e)
{
	own_free char *git_dir = fs_path("--git-dir=%s", path);
	const char *const argv[] = {"git",          git_dir,     "-c",         "safe.directory=*",
				    "for-each-ref", "--count=1", "refs/heads", "refs/tags",
				    NULL};
	struct spawn s = SPAWN_INIT(argv);
	own_free char *out = NULL;
	size_t len = 0;
	int status = spawn_capture(&s, GIT_MS, GIT_BYTES, &out, &len, e);

	if (status > 0)
		return err_set(e, ERR_OPERATOR, "git cannot list the refs of %s", path);
	return status < 0 ? -1 : len > 0;
}

/* Waits for a fetch that moves refs of the repository, if there is one. */
static int hold(const struct conf *c, const char *repo, int *fd, struct err *e)
{
	int held = mirror_hold(c, repo, 0, fd, e);

	if (held == 0) {
		cli_say(stderr, "hornero: a fetch moves refs of %s just now; waiting for its end…",
			repo);
		held = mirror_hold(c, repo, (int)(c->mirror_timeout_s * 1000), fd, e);
	}
	return held == 0 ? err_set(e, ERR_NOBODY, "the fetch has not ended; nothing was changed")
			 : held;
}

static int end(const struct cli *cli, const char *repo, struct err *e)
{
	const struct conf *c = cli->conf;
	own_fd int held = -1;
	int was = hold(c, repo, &held, e) < 0 ? -1 : mirror_unset(c, repo, e);

	if (was < 0)
		return -1;
	if (was > 0)
		change_say(cli, true, "%s follows no upstream any more; its refs stay, and pushes "
				      "are accepted.", repo);
	else
		change_say(cli, false, "%s is no mirror", repo);
	return change_end(cli, was > 0, json_pack("{s:s}", "repo", repo));
}

/* Says where key and known_hosts are, if the URL needs them, and if nobody would fetch. */
static void say_access(const struct cli *cli, const char *url)
{
	const struct conf *c = cli->conf;

	if (strncmp(url, "ssh:", strlen("ssh:")) == 0)
		change_say(cli, true,
			   "Its key is %s/" MIRROR_ACCESS "/key, and known_hosts beside it has "
			   "the host keys that it trusts (hornero-mirror(8)).",
			   c->mirror_dir);
	if (alone_is_taken(c->mirror_dir) == 0)
		cli_say(stderr, "hornero: hornero-mirror does not run: `systemctl enable --now "
				"hornero-mirror`");
}

int repo_mirror_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *repo = call->args[0], *url = call->nargs > 1 ? call->args[1] : NULL;
	own_free char *path = NULL;
	char before[MIRROR_URL_MAX + 1];
	own_fd int held = -1;
	bool is_mirror;
	int found;

	if (!c || image_check_repo(repo, e) < 0)
		return -1;
	if (!url == !call_option(call, "off"))
		return err_set(e, ERR_USAGE, "`hornero repo mirror` needs a URL or --off");
	if (!url)
		return end(cli, repo, e);
	if (mirror_check_url(url, e) < 0)
		return -1;
	path = cli_repo_path(c, repo);
	if (access(path, F_OK) < 0)
		return err_set(e, ERR_USAGE, "there is no repository %s; `hornero repo create %s` "
					     "makes it", repo, repo);
	is_mirror = mirror_url(c, repo, before);
	if (is_mirror && strcmp(before, url) == 0) {
		change_say(cli, false, "%s follows %s already", repo, url);
		return change_end(cli, false, json_pack("{s:s}", "repo", repo));
	}
	if (!is_mirror && !call_option(call, "replace")) {
		found = has_refs(path, e);
		if (found < 0)
			return -1;
		if (found > 0)
			return err_set(e, ERR_USAGE,
				       "%s has branches or tags, and those that the upstream lacks "
				       "would go; --replace accepts that",
				       repo);
	}
	if (hold(c, repo, &held, e) < 0 || mirror_set(c, repo, url, e) < 0)
		return -1;
	change_say(cli, true, "%s follows %s; `hornero repo fetch %s` fetches now.", repo, url,
		   repo);
	say_access(cli, url);
	return change_end(cli, true, json_pack("{s:s}", "repo", repo));
}

/* Prints what the hooks said, each line by itself. */
static void say_said(const char *said)
{
	while (*said) {
		size_t len = strcspn(said, "|");

		cli_say(stdout, "%.*s", (int)len, said);
		said += len + (said[len] == '|');
	}
}

static int report(const char *repo, const struct mirroring *g, int64_t changed_ms)
{
	bool is_changed = g->m.changed_ms != changed_ms;

	if (is_changed)
		cli_say(stdout, "%s: %lld ref%s moved.", repo, (long long)g->m.changed,
			g->m.changed == 1 ? "" : "s");
	if (is_changed && *g->m.rewound)
		cli_say(stdout, "rewound: %s", g->m.rewound);
	if (is_changed)
		say_said(g->m.said);
	if (g->state != MIRRORED_CURRENT) {
		cli_say(stderr, "hornero: %s: %s: %s", repo, mirrored_state_name(g->state),
			g->m.reason);
		return 1;
	}
	if (!is_changed)
		cli_say(stdout, "%s is as at %s: nothing new.", repo, g->url);
	return 0;
}

static int await(const struct conf *c, const char *repo, int64_t wish, int64_t changed_ms,
		 int64_t deadline_ms, struct err *e)
{
	const struct timespec nap = {.tv_nsec = LOOK_MS * 1000000L};
	struct mirroring g;
	int is_mirror;

	while ((is_mirror = mirroring_look(c, repo, &g, e)) > 0) {
		if (g.m.wish >= wish)
			return report(repo, &g, changed_ms);
		if (alone_is_taken(c->mirror_dir) == 0) {
			cli_say(stderr, "hornero: hornero-mirror does not run; it fetches when it "
					"starts: `systemctl start hornero-mirror`");
			return err_exit(ERR_NOBODY);
		}
		if (clock_mono_ms() >= deadline_ms) {
			cli_say(stderr, "hornero: the fetch has not ended yet; `hornero repo list` "
					"shows its state");
			return err_exit(ERR_NOBODY);
		}
		nanosleep(&nap, NULL);
	}
	return is_mirror < 0 ? -1 : err_set(e, ERR_USAGE, "%s is no mirror any more", repo);
}

int repo_fetch_run(struct cli *cli, const struct call *call, struct err *e)
{
	const struct conf *c = cli_conf(cli, e);
	const char *repo = call->args[0], *timeout = call_option(call, "timeout");
	int64_t deadline_ms, wish;
	struct mirroring g;
	int is_mirror;

	if (!c || image_check_repo(repo, e) < 0 || cli_may(cli, repo, NULL, e) < 0 ||
	    wait_deadline(timeout ? timeout : WAIT_S, &deadline_ms, e) < 0)
		return -1;
	is_mirror = mirroring_look(c, repo, &g, e);
	if (is_mirror == 0)
		return err_set(e, ERR_USAGE, "%s is no mirror; `hornero repo mirror %s URL` on the "
					     "node makes it one", repo, repo);
	if (is_mirror < 0 || mirror_notify(c, repo, &wish, e) < 0)
		return -1;
	if (call_option(call, "no-wait")) {
		cli_say(stdout, "%s is fetched from %s.", repo, g.url);
		return 0;
	}
	return await(c, repo, wish, g.m.changed_ms, deadline_ms, e);
}
