/* sharing: DIAGNOSTICS: what cannot be read is not said. */
#include "cli/sharing.h"

#include "store/answer.h"
#include "store/store.h"
#include "store/wanted.h"

#include <string.h>

void sharing_words(const struct conf *c, const char *uuid, const struct warm *w,
		   char buf[SHARING_TEXT])
{
	struct err ignored = ERR_INIT;
	struct manifest m;
	struct shared s;
	struct answer a;

	buf[0] = '\0';
	answer_describe(c->store_dir, uuid, w->made.key, w->made.digest, &a);
	if (strcmp(a.built, ANSWER_SHARED) == 0) {
		bool is_known = store_manifest(c->store_dir, w->made.digest, &m, &ignored) == 0 &&
				*m.shared_from;

		snprintf(buf, SHARING_TEXT,
			 "Another node built its artifact; this node took the bytes%s%s.",
			 is_known ? " from " : "", is_known ? m.shared_from : "");
		return;
	}
	if (shared_get(c->glance_dir, uuid, &s, &ignored) == 1 && s.job == w->made.job &&
	    strcmp(s.state, SHARED_FOUND) != 0 && *s.reason)
		snprintf(buf, SHARING_TEXT,
			 "This node built its artifact, since that of another node could not be "
			 "taken: %s.",
			 s.reason);
}
