/* checkout_fail: DIAGNOSTICS: ERR_PUSHER if an object exists with the right digest and cannot be
 * parsed: it was pushed that way. ERR_NOBODY if out of memory, else ERR_OPERATOR. */
#include "agent/sandboxed/checkout/checkout_inner.h"

int checkout_fail(struct err *e, const char *what, const char *name)
{
	const git_error *why = git_error_last();
	int class = why ? why->klass : GIT_ERROR_NONE;
	const char *text = why && why->message ? why->message : "unknown";

	if (class == GIT_ERROR_NOMEMORY)
		return err_set(e, ERR_NOBODY, "%s %s: %s", what, name, text);
	if (class == GIT_ERROR_TREE || class == GIT_ERROR_OBJECT)
		return err_set(e, ERR_PUSHER, "%s %s: %s; push a sound one (git fsck finds it)",
			       what, name, text);
	return err_set(e, ERR_OPERATOR, "%s %s: %s; `git fsck` in " CHECKOUT_REPO " says which "
		       "objects are missing or damaged", what, name, text);
}
