/* builder_inputs: checks where inputs appear in the sandbox. DIAGNOSTICS: ERR_OPERATOR. */
#include "conf/builder.h"

#include "conf/repowords.h"
#include "conf/yaml.h"

#include <stdbool.h>
#include <string.h>

static bool is_at_or_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return strncmp(path, top, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Directories of the sandbox that an input would hide, or make read-only. */
static bool is_taken(const char *at)
{
	static const char *const taken[] = {"/build", "/build/cache", "/tmp", "/dev"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(at, taken[i]) == 0)
			return true;
	return is_at_or_below(at, "/proc");
}

/* Compares with an earlier input. */
static int check_two(const struct builder *b, size_t before, size_t i, const struct doc *doc,
		     const struct doc_node *node, struct err *e)
{
	const char *first = b->inputs_at[before], *at = b->inputs_at[i];

	if (strcmp(first, at) != 0)
		return is_at_or_below(first, at)
			       ? doc_fail(doc, node, e, "inputs: what appears at %s would hide %s, "
					  "which is listed before it; list it first", at, first)
			       : 0;
	return strcmp(b->inputs[before], b->inputs[i]) == 0
		       ? 0
		       : doc_fail(doc, node, e, "inputs: %s and %s both appear at %s; let one "
				  "appear elsewhere", b->inputs[before], b->inputs[i], at);
}

int builder_inputs(const struct builder *b, const struct doc *doc, struct err *e)
{
	const struct doc_node *node = b->inputs[0] ? doc_get(doc, "inputs")->first : NULL;
	const bool repo = repowords_may(b->allow, "also", "");

	for (size_t i = 0; b->inputs[i]; i++, node = node->next) {
		const char *at = b->inputs_at[i];

		/* With `also` the pusher's checkout is at /build/repo, and could hold a link where
		 * an input should appear. */
		if (repo && is_at_or_below(at, "/build/repo"))
			return doc_fail(doc, node, e, "inputs: %s is in the checkout if a "
					"repository uses also; let it appear outside /build/repo, "
					"or take also out of allow", at);
		if (is_at_or_below(at, "/build/src"))
			return doc_fail(doc, node, e, "inputs: %s is in the checkout; let it "
					"appear outside /build/src", at);
		if (is_taken(at))
			return doc_fail(doc, node, e, "inputs: the sandbox has files of its own at "
					"%s; let the input appear elsewhere, as HOST:SANDBOX", at);
		for (size_t j = 0; j < i; j++)
			if (check_two(b, j, i, doc, node, e) < 0)
				return -1;
	}
	return 0;
}
