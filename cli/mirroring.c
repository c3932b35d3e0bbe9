/* mirroring: DIAGNOSTICS: as store/mirrored.h; a missing record is a state, not an error. */
#include "cli/mirroring.h"

#include "cli/table.h"
#include "lib/own.h"

#include <string.h>

int mirroring_look(const struct conf *c, const char *repo, struct mirroring *out, struct err *e)
{
	own_free char *record = mirror_path(c, repo, "json");

	if (!mirror_url(c, repo, out->url))
		return 0;
	if (mirrored_load(record, &out->m, e) < 0)
		return -1;
	out->state = mirrored_state(&out->m, out->url);
	if (out->state == MIRRORED_NONE)
		memset(&out->m, 0, sizeof(out->m));
	return 1;
}

void mirroring_words(const struct cli *cli, const struct mirroring *g, char buf[MIRRORING_TEXT])
{
	char ago[WORDS_MAX], current[WORDS_MAX] = "never";
	size_t used;

	age_words(ago, cli->now_ms - g->m.at_ms);
	if (g->m.current_ms)
		age_words(current, cli->now_ms - g->m.current_ms);
	if (g->state == MIRRORED_NONE)
		snprintf(buf, MIRRORING_TEXT,
			 "Its repository follows %s, and was not fetched yet; `systemctl status "
			 "hornero-mirror` says whether that runs.",
			 g->url);
	else if (g->state == MIRRORED_CURRENT)
		snprintf(buf, MIRRORING_TEXT, "Its repository follows %s, and was current %s.",
			 g->url, ago);
	else
		snprintf(buf, MIRRORING_TEXT,
			 "Its repository follows %s, and the last fetch failed %s (%s): %s. It was "
			 "current: %s.",
			 g->url, ago, g->m.state, g->m.reason, current);
	used = strlen(buf);
	if (*g->m.rewound)
		snprintf(buf + used, MIRRORING_TEXT - used,
			 " The last change was rewound: the upstream removed commits from %s.",
			 g->m.rewound);
}

void mirroring_text(const struct cli *cli, const char *repo, char buf[MIRRORING_TEXT])
{
	struct err why = ERR_INIT;
	struct mirroring g;
	int is_mirror = mirroring_look(cli->conf, repo, &g, &why);

	buf[0] = '\0';
	if (is_mirror < 0)
		snprintf(buf, MIRRORING_TEXT, "%s.", why.msg);
	else if (is_mirror > 0)
		mirroring_words(cli, &g, buf);
}
