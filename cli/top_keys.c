/* top_keys: DIAGNOSTICS: the last line of the screen has what a command answered. */
#include "cli/top_keys.h"

#include "lib/own.h"
#include "lib/spawn.h"

#include <inttypes.h>
#include <string.h>

enum { COMMAND_MS = 20000, ANSWER_MAX = 65536, ARGS = 8 };

static const char *const orders[] = {
	[TOP_QUEUE] = "queue", [TOP_AGE] = "age",     [TOP_CPU] = "cpu",
	[TOP_MEMORY] = "memory", [TOP_IMAGE] = "image",
};

static bool comes_before(enum top_order by, const struct snapshot *s, size_t a, size_t b)
{
	switch (by) {
	case TOP_AGE:
		return s->jobs[a].created_ms < s->jobs[b].created_ms;
	case TOP_CPU:
		return s->usage[a].cpu_ms > s->usage[b].cpu_ms;
	case TOP_MEMORY:
		return s->usage[a].memory_bytes > s->usage[b].memory_bytes;
	case TOP_IMAGE:
		return strcmp(s->jobs[a].image, s->jobs[b].image) < 0;
	case TOP_QUEUE:
	case TOP_ORDERS:
		break;
	}
	return false;
}

/* Equal ones stay in the order of the queue. */
size_t top_keys_order(struct top_keys *k, const struct snapshot *s, size_t order[TOP_JOBS_MAX])
{
	size_t chosen = 0;

	for (size_t i = 0; i < s->n; i++) {
		size_t at = i;

		for (; at > 0 && comes_before(k->order, s, i, order[at - 1]); at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->jobs[order[i]].id == k->job)
			chosen = i;
	k->job = s->n ? s->jobs[order[chosen]].id : 0;
	snprintf(k->image, sizeof(k->image), "%s", s->n ? s->jobs[order[chosen]].image : "");
	return chosen;
}

void top_keys_move(struct top_keys *k, const struct snapshot *s, int by)
{
	size_t order[TOP_JOBS_MAX], at = top_keys_order(k, s, order);

	if ((by < 0 && at > 0) || (by > 0 && at + 1 < s->n))
		k->job = s->jobs[order[by < 0 ? at - 1 : at + 1]].id;
}

/* Makes the command line of ourselves: the same configuration and key. */
static void command(const struct cli *cli, const char *argv[ARGS], const char *word,
		    const char *option, const char *arg)
{
	size_t n = 0;

	argv[n++] = "/proc/self/exe";
	if (cli->key_option) {
		argv[n++] = "--key";
		argv[n++] = cli->key_option;
	} else if (cli->conf_option) {
		argv[n++] = "-c";
		argv[n++] = cli->conf_option;
	}
	argv[n++] = word;
	if (option)
		argv[n++] = option;
	argv[n++] = arg;
	argv[n] = NULL;
}

static void run(struct top_keys *k, const struct cli *cli, const char *word, const char *arg)
{
	const char *argv[ARGS];
	struct spawn s = SPAWN_INIT(argv);
	own_free char *out = NULL;
	struct err e = ERR_INIT;
	size_t len;

	command(cli, argv, word, NULL, arg);
	if (spawn_capture(&s, COMMAND_MS, ANSWER_MAX, &out, &len, &e) < 0)
		snprintf(k->said, sizeof(k->said), "%.*s", (int)sizeof(k->said) - 1, e.msg);
	else if (!*out)
		snprintf(k->said, sizeof(k->said), "`hornero %s%s%s` says why not", word,
			 arg ? " " : "", arg ? arg : "");
	else
		snprintf(k->said, sizeof(k->said), "%.*s", (int)strcspn(out, "\n"), out);
}

static void follow(const struct top_keys *k, const struct cli *cli, struct live *live)
{
	const char *argv[ARGS];
	char job[24];

	snprintf(job, sizeof(job), "%" PRId64, k->job);
	command(cli, argv, "log", "-f", job);
	live_lend(live, argv);
}

static void confirm(struct top_keys *k, const struct cli *cli)
{
	char job[24];

	snprintf(job, sizeof(job), "%" PRId64, k->job);
	if (k->asked == 'c')
		run(k, cli, "cancel", job);
	else
		run(k, cli, k->asked == 'p' ? "pause" : "resume", k->image);
}

bool top_keys_act(struct top_keys *k, const struct cli *cli, struct live *live, int key)
{
	int asked = k->asked;

	*k->said = '\0';
	if (asked && key == 'y')
		confirm(k, cli);
	k->asked = 0;
	if (asked)
		return true;
	if (key == 's')
		k->order = (k->order + 1) % TOP_ORDERS;
	else if (key == 'l' && k->job)
		follow(k, cli, live);
	else if (k->job && (key == 'c' || key == 'p' || key == 'r'))
		k->asked = key;
	return key != 'q';
}

void top_keys_line(const struct top_keys *k)
{
	if (k->asked == 'c')
		printf("cancel job %" PRId64 "? y: yes, any other key: no", k->job);
	else if (k->asked)
		printf("%s image %s? y: yes, any other key: no",
		       k->asked == 'p' ? "pause" : "resume", k->image);
	else if (*k->said)
		fputs(k->said, stdout);
	else
		printf("up down choose  l log  c cancel  p pause  r resume  s sort (%s)  q quit",
		       orders[k->order]);
}
