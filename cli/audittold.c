/* audittold: DIAGNOSTICS: a position that cannot be read is a sentence. */
#include "cli/audittold.h"

#include "cli/table.h"
#include "store/auditcursor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SERVICE "hornero-notify"

static const char *mend_of(const struct cli *cli, const struct auditcursor *at)
{
	if (strcmp(at->state, AUDITCURSOR_FAILED) == 0)
		return "systemctl reload " SERVICE;
	if (access(cli->conf->audit_dir, F_OK) < 0 && errno == ENOENT)
		return "hornero init";
	if (strcmp(at->state, AUDITCURSOR_DENIED) == 0)
		return "systemctl daemon-reload && systemctl restart " SERVICE;
	return "hornero events --audit --verify";
}

static void say(const struct cli *cli, const struct auditcursor *at, struct audittold *out)
{
	int64_t ago_ms = cli->now_ms - at->next_ms;
	char words[WORDS_MAX];
	const char *again = ago_ms < 0 ? age_words(words, ago_ms) : "at once";

	if (strcmp(at->state, AUDITCURSOR_FAILED) == 0)
		snprintf(out->text, sizeof(out->text),
			 "The programs of %s were not all told of the audit log: %s; later records "
			 "wait; tried again %s.",
			 cli->conf->events_dir, at->reason, again);
	else
		snprintf(out->text, sizeof(out->text),
			 SERVICE " cannot read the audit log: %s; tried again %s.", at->reason,
			 again);
}

void audittold_look(const struct cli *cli, struct audittold *out)
{
	struct auditcursor at;
	struct err why = ERR_INIT;
	int known;

	*out = (struct audittold){.text = ""};
	if (cli->conf->notify_audit == CONF_NOTIFY_AUDIT_NO)
		return;
	known = auditcursor_load(cli->conf->notify_dir, &at, &why);
	if (known < 0) {
		snprintf(out->text, sizeof(out->text), "%.*s", (int)sizeof(out->text) - 1, why.msg);
		out->mend = "systemctl restart " SERVICE;
	} else if (known > 0 && strcmp(at.state, AUDITCURSOR_TOLD) != 0) {
		say(cli, &at, out);
		out->mend = mend_of(cli, &at);
	}
}
