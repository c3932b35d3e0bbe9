/* builder_fetch: checks fetch, fetch_locks and fetch_env. DIAGNOSTICS: ERR_OPERATOR for a setting
 * that is missing or has no use, ERR_NOBODY if out of memory. */
#include "conf/builder.h"

#include "conf/yaml.h"

#include <string.h>

/* The name of an input that would hide fetched files, or NULL. */
static const char *covers(const struct builder *b)
{
	size_t len = strlen(BUILDER_FETCHED);

	for (char **at = b->inputs_at; at && *at; at++)
		if (strncmp(*at, BUILDER_FETCHED, len) == 0 &&
		    ((*at)[len] == '/' || (*at)[len] == '\0'))
			return *at;
	return NULL;
}

int builder_fetch(struct builder *b, const struct doc *doc, struct err *e)
{
	const char *useless = b->fetch_locks ? "fetch_locks" : "fetch_env";

	if (!b->fetch && (b->fetch_locks || b->fetch_env))
		return doc_fail(doc, doc_get(doc, useless)->key, e, "%s has no use without fetch; "
				"set fetch, or remove it", useless);
	if (!b->fetch)
		return 0;
	if (!b->fetch_locks)
		return doc_fail(doc, doc_get(doc, "fetch")->key, e, "fetch needs fetch_locks: the "
				"files of a tree that decide what is fetched");
	if (covers(b))
		return doc_fail(doc, doc_get(doc, "inputs"), e, "inputs: %s is where fetch leaves "
				"its files; let it appear outside " BUILDER_FETCHED, covers(b));
	if (builder_need(b, BUILDER_FETCH_NEED) < 0)
		return err_set(e, ERR_NOBODY, "%s: out of memory", doc->name);
	return 0;
}
