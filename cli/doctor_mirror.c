/* doctor_mirror: checks the repositories that follow an upstream. DIAGNOSTICS: findings. */
#include "cli/doctor.h"

#include "cli/mirroring.h"
#include "lib/alone.h"
#include "lib/fs.h"
#include "lib/own.h"
#include "lib/program.h"

#include <string.h>
#include <sys/stat.h>

struct look {
	struct doctor *d;
	size_t n, ssh;
};

static void look_at_mirror(void *arg, const char *repo)
{
	struct look *l = arg;
	own_free char *path = cli_repo_path(l->d->c, repo);
	own_free char *mend = fs_path("mend that, then: hornero repo fetch %s", repo);
	own_free char *off = fs_path("hornero repo mirror %s --off", repo);
	struct err why = ERR_INIT;
	struct mirroring g;
	int is_mirror = mirroring_look(l->d->c, repo, &g, &why);

	l->n++;
	l->ssh += strncmp(g.url, "ssh:", strlen("ssh:")) == 0;
	if (is_mirror < 0)
		doctor_say(l->d, DOCTOR_BAD, NULL, "%s", why.msg);
	else if (access(path, F_OK) < 0 && errno == ENOENT)
		doctor_say(l->d, DOCTOR_PART, off, "%s follows %s, and is not there", repo, g.url);
	else if (is_mirror > 0 && g.state == MIRRORED_NONE)
		doctor_say(l->d, DOCTOR_WARN, mend, "%s was not fetched from %s yet", repo, g.url);
	else if (is_mirror > 0 && g.state != MIRRORED_CURRENT)
		doctor_say(l->d, DOCTOR_PART, mend, "%s cannot follow %s: %s: %s", repo, g.url,
			   g.m.state, g.m.reason);
	else if (is_mirror > 0 && *g.m.rewound)
		doctor_say(l->d, DOCTOR_WARN, "see whether that was intended; the next change ends "
			   "this warning", "%s was rewound by %s: %s", repo, g.url, g.m.rewound);
}

/* ssh refuses a key that others can read, and says so only in the log. */
static void look_at_key(struct doctor *d)
{
	own_free char *key = fs_path("%s/" MIRROR_ACCESS "/key", d->c->mirror_dir);
	own_free char *chmod = fs_path("chmod 0600 %s", key);
	struct stat st;

	if (!program_is_installed("ssh"))
		doctor_say(d, DOCTOR_BAD, "apt-get install openssh-client",
			   "mirrors have ssh URLs, and ssh is not in /usr");
	if (stat(key, &st) == 0 && (st.st_mode & 077))
		doctor_say(d, DOCTOR_BAD, chmod, "other users can read or change %s", key);
}

void doctor_mirrors(struct doctor *d)
{
	struct look l = {.d = d};
	struct err why = ERR_INIT;
	int before = d->findings;

	if (mirror_each(d->c, look_at_mirror, &l, &why) < 0) {
		doctor_say(d, DOCTOR_BAD, "hornero init", "%s", why.msg);
		return;
	}
	if (l.ssh > 0)
		look_at_key(d);
	if (l.n > 0 && alone_is_taken(d->c->mirror_dir) == 0)
		doctor_say(d, DOCTOR_BAD, "systemctl enable --now hornero-mirror",
			   "hornero-mirror does not run, and %zu repositories follow an upstream",
			   l.n);
	else if (l.n == 0)
		doctor_ok(d, "no repository follows an upstream");
	else if (d->findings == before)
		doctor_ok(d, "%zu repositories follow an upstream, and are current", l.n);
}
